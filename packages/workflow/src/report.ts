import type { Proof } from '@kneepoint/pruning';
import type { EpochRecord } from './steps/finetune.ts';

/** Size and speed of one network; latency of one image in milliseconds on the provider named in the report. */
export interface NetworkFigures {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly latencyMs: { readonly p50: number; readonly p95: number };
}

/** One metric at the stages of a compression, all read on the same test images, which no fit, threshold or knee has seen. */
export interface MetricStages {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** What predicting without looking at the image gives. */
  readonly chance: number;
  /** Linear probe on the untouched network's best layer. */
  readonly probe: number;
  /** Pruned network, the probe's weights of the surviving filters, removed responses replaced by their mean. */
  readonly pruned: number;
  /** Pruned network, head fitted again in closed form on its own responses. */
  readonly refit: number;
  /** Pruned network, all of it trained on; absent where that arm was not asked for. */
  readonly finetuned?: number;
}

/**
 * Networks that a training makes for a comparison. `finetuned`: the pruned one, trained on. `scratch`: the same pruned architecture
 * from fresh weights. `headOnly`: nothing pruned, only the head trained (the paper's transfer-learning baseline). `unpruned`: nothing
 * pruned, all of it trained on.
 */
export const TRAINED_ARMS = ['finetuned', 'scratch', 'headOnly', 'unpruned'] as const;
export type TrainedArm = (typeof TRAINED_ARMS)[number];

/** `refit` is what pruning itself leaves: its head fitted in closed form. */
export type Arm = 'refit' | TrainedArm;

/** One network of a comparison, judged on the same test images as all others. */
export interface ReportArm extends NetworkFigures {
  readonly arm: Arm;
  /** On test. */
  readonly metric: number;
  /** On validation, which chose the epoch (or the head's penalty). */
  readonly validation: number;
  readonly modelSha256: string;
  /** Epochs that were trained; this and what follows is null where nothing was. */
  readonly epochs: number | null;
  readonly bestEpoch: number | null;
  /** Time in training and validation. */
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  /** Every epoch, epoch 0 being the network before training. */
  readonly history: readonly EpochRecord[];
}

export interface ReportLayer {
  readonly name: string;
  readonly filters: number;
  readonly kept: number;
  /** The λ of the knee; null where no curve decided (the layer has no tap, or only its class-mates chose). */
  readonly lambda: number | null;
  /** How many filters this layer's own curve chose; more are kept when a class-mate chose others. */
  readonly chosen: number | null;
  readonly indices: readonly number[];
  readonly parametersBefore: number;
  readonly parametersAfter: number;
  readonly macsBefore: number;
  readonly macsAfter: number;
  /** Why it cannot be pruned; null when it can. */
  readonly reason: string | null;
}

/** What a person gets beside the smaller network. Written as JSON; every number is finite. */
export interface CompressionReport {
  readonly task: string;
  readonly epsilon: number;
  readonly bestLayer: string;
  readonly metric: MetricStages;
  readonly before: NetworkFigures;
  /** The network that is delivered: the finetuned one where there is one, else the refitted one. */
  readonly after: NetworkFigures;
  readonly layers: readonly ReportLayer[];
  /** Evidence that surgery equals masking, and that the comparison would have noticed otherwise: three gates. */
  readonly proof: Proof;
  readonly split: { readonly by: string; readonly train: number; readonly validation: number; readonly test: number };
  /** Side by side; `refit` first, then what was trained. */
  readonly arms: readonly ReportArm[];
  readonly provider: string;
  readonly warnings: readonly string[];
}
