import { Failure } from '@kneepoint/failures';
import type { DataType, ModelProto } from '@kneepoint/onnx';
import { differentiate } from '../backward/differentiate.ts';
import type { Emitter } from '../emit/emitter.ts';
import { learnedInitializers } from '../forward/trainable.ts';
import { weightInput } from '../forward/place.ts';
import { emitLosses } from '../loss/emit-losses.ts';
import type { OptimizerSpec } from '../optimizer/optimizer.ts';
import { hyperparameters, optimizerOf } from '../optimizer/index.ts';
import { clipped, gradientNorm } from './clip.ts';
import { nameOutputs } from './name-outputs.ts';
import type { PlacedNetwork } from './network.ts';
import { exposeScores, placeNetwork } from './network.ts';
import type { StepRequest } from './request.ts';

/** A value that goes from step to step: fed under `input`, read under `output`, fed again. */
export interface StepState {
  /** The initializer of the model. */
  readonly name: string;
  /** 'weight', 'statistic' (running mean or variance), or the optimizer's kind of slot. */
  readonly kind: string;
  readonly input: string;
  readonly output: string;
  readonly dims: readonly number[];
}

/** What the caller feeds besides the state. All are float. */
export interface StepInput {
  readonly name: string;
  readonly dims: readonly number[];
  /** 'noise' wants uniform numbers from [0, 1). */
  readonly role: 'image' | 'label' | 'rowWeight' | 'hyperparameter' | 'noise';
  /** The term that a label or row weight belongs to. */
  readonly term?: string;
}

/** One step of training as an ONNX graph, and what goes in and out of it. */
export interface TrainingStep {
  readonly model: ModelProto;
  readonly batch: number;
  readonly float: DataType;
  readonly optimizer: OptimizerSpec;
  /** Weights that train, and running statistics; `initialState` fills them from the model. */
  readonly weights: readonly StepState[];
  /** State of the optimizer, zero at the start. */
  readonly slots: readonly StepState[];
  readonly inputs: readonly StepInput[];
  readonly outputs: StepOutputs;
}

/** Names of the graph's outputs that are read, next to those of the state. */
export interface StepOutputs {
  /** The weighted sum of the terms over this batch, before the step; a scalar. */
  readonly loss: string;
  /** By name of the term, its own value; a scalar. */
  readonly terms: ReadonlyMap<string, string>;
  /** Norm of all gradients together, before clipping; a scalar. */
  readonly gradNorm: string;
  /** By output of the model, what it answered to this batch. */
  readonly scores: ReadonlyMap<string, string>;
}

/**
 * Makes the graph of one training step: forward, loss, backward, optimizer. Inputs: the image, `weight/NAME`, `slot/KIND/NAME`, `label/TERM`,
 * `rowWeight/TERM`, `lr` and what else `hyperparameters` names, `noise/...`. Outputs: `loss`, `loss/TERM`, `gradNorm`, `output/NAME`,
 * `next/weight/NAME`, `next/slot/KIND/NAME`.
 * @throws AUTODIFF_OPERATOR naming the node, TRAINING_OPTION_INVALID, SHAPES_INCOMPLETE
 */
export function trainingStep(request: StepRequest): TrainingStep {
  const { weightDecay = 0, optimizer } = request;
  optimizerOf(optimizer).check(optimizer);
  check('weightDecay', weightDecay, weightDecay >= 0);
  if (request.clipNorm !== undefined) check('clipNorm', request.clipNorm, request.clipNorm > 0);
  const network = placeNetwork(request);
  const { emit, placed, outputs } = network;
  const losses = emitLosses(emit, request.loss, outputs);
  const seeds = new Map([...losses.seeds].map(([output, seed]) => [outputs.get(output)!, seed]));
  const gradients = differentiate(emit, placed, seeds);

  const trained = network.trained.filter((name) => gradients.has(weightInput(name)));
  if (trained.length === 0) {
    throw new Failure('TRAINING_OPTION_INVALID', 'no weight that trains has an influence on the loss', {
      where: 'the layers that train',
      fix: 'name layers on the way to the outputs that the loss measures',
    });
  }
  const raw = trained.map((name) => gradients.get(weightInput(name))!);
  const norm = gradientNorm(emit, raw);
  const ready = clipped(emit, raw, norm, request.clipNorm);
  const updates = new Map(trained.map((name, i) => [name, ready[i]!]));
  const { weights, slots } = emitUpdates(network, request, updates, weightDecay);
  return {
    batch: network.batch,
    float: emit.float,
    optimizer,
    weights,
    slots,
    inputs: [
      { name: network.image, dims: emit.shape(network.image), role: 'image' },
      ...losses.inputs.map(({ name, dims, role, term }) => ({ name, dims, role, term })),
      ...Object.keys(hyperparameters(optimizer, 1, 0)).map((name) => scalarInput(name)),
      ...[...placed.noise].map(([name, dims]): StepInput => ({ name, dims, role: 'noise' })),
    ],
    outputs: {
      loss: emit.namedOutput(losses.total, 'loss'),
      terms: new Map([...losses.terms].map(([term, value]) => [term, emit.namedOutput(value, `loss/${term}`)])),
      gradNorm: emit.namedOutput(norm, 'gradNorm'),
      scores: exposeScores(network),
    },
    model: nameOutputs(emit.build()),
  };
}

function scalarInput(name: string): StepInput {
  return { name, dims: [], role: 'hyperparameter' };
}

function check(field: string, value: number, good: boolean): void {
  if (Number.isFinite(value) && good) return;
  throw new Failure('TRAINING_OPTION_INVALID', `${field} is ${value}`, { where: field, fix: 'a positive number' });
}

function emitUpdates(
  { emit, placed, trained, statistics }: PlacedNetwork,
  { model, optimizer }: StepRequest,
  gradients: ReadonlyMap<string, string>,
  weightDecay: number,
): { readonly weights: StepState[]; readonly slots: StepState[] } {
  const kind = optimizerOf(optimizer);
  const learned = learnedInitializers(model);
  for (const name of Object.keys(hyperparameters(optimizer, 1, 0))) emit.input(name, []);
  const weights: StepState[] = [];
  const slots: StepState[] = [];
  for (const name of trained) {
    const input = weightInput(name);
    const gradient = gradients.get(name);
    // What the loss does not depend on stays as it is.
    const update = gradient === undefined ? undefined : updateOf(name, input, gradient);
    weights.push(state(emit, name, 'weight', input, update?.weight ?? input));
    slots.push(...(update?.slots ?? []));
  }
  for (const name of statistics) {
    const input = weightInput(name);
    weights.push(state(emit, name, 'statistic', input, placed.updates.get(name) ?? input));
  }
  return { weights, slots };

  function updateOf(name: string, weight: string, gradient: string): { weight: string; slots: StepState[] } {
    const kinds = kind.slots(optimizer);
    const inputs = kinds.map((slot) => emit.input(`slot/${slot}/${name}`, emit.shape(weight)));
    const decay = learned.get(name)?.decays ? weightDecay : 0;
    const next = kind.update({ emit, weight, gradient, slots: inputs, decay, scalar: (scalar) => scalar }, optimizer);
    return { weight: next.weight, slots: inputs.map((slot, i) => state(emit, name, kinds[i]!, slot, next.slots[i]!)) };
  }
}

function state(emit: Emitter, name: string, kind: string, input: string, next: string): StepState {
  return { name, kind, input, output: emit.namedOutput(next, `next/${input}`), dims: emit.shape(input) };
}
