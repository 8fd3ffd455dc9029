import type { DataType, ModelProto } from '@kneepoint/onnx';
import type { Target } from '../emit/emitter.ts';
import type { LossTerm } from '../loss/loss.ts';
import type { OptimizerSpec } from '../optimizer/optimizer.ts';

/** A forward network at a batch size, and what of it trains. */
export interface ForwardRequest {
  /** One image input, batch free; any opset from 7 on. Not changed. */
  readonly model: ModelProto;
  /** Every value's shape at the step's batch size, as the runtime measures them on a batch of that size. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Names of initializers (see `trainableOf`), or 'all' that are learned. */
  readonly trainable: ReadonlySet<string> | 'all';
  /**
   * 'train': batch normalisation uses the batch's statistics and updates its running ones, dropout drops. 'frozen': both as in
   * inference. A set of node names: those normalisations train and the others are as in inference, dropout drops. Default 'frozen'.
   * Rows of weight 0 are part of the batch's statistics all the same: pad with real images.
   */
  readonly batchNorm?: 'frozen' | 'train' | ReadonlySet<string>;
  /** Decides between formulations. Default 'cpu'. */
  readonly target?: Target;
  /**
   * Channels in a block of the runtime's own layout for convolutions, as `blockOf` finds it for this machine: faster on the CPU than
   * standard operators alone. Default 0, standard operators.
   */
  readonly block?: number;
  /** FLOAT, or DOUBLE to check gradients. Default FLOAT. */
  readonly float?: DataType;
}

/** What a training step is made from. */
export interface StepRequest extends ForwardRequest {
  readonly loss: readonly LossTerm[];
  readonly optimizer: OptimizerSpec;
  /** Factor of the decay of kernels and matrices; biases and parameters of normalisations do not decay. Default 0. */
  readonly weightDecay?: number;
  /** The most that the norm of all gradients together may be; longer ones are shortened to it. */
  readonly clipNorm?: number;
}
