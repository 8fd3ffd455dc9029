import type { HeadPool, Proof } from '@kneepoint/pruning';
import type { FrozenBy } from './compression.ts';
import type { CriterionName, DecisionName, SizeTarget } from './plan/prune-options.ts';
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

/** One task's metric at all stages. */
export interface TaskStages extends MetricStages {
  readonly task: string;
}

/** What was asked of the size, and what came of it. In units of the kind; milliseconds for latency. */
export interface ReportTarget {
  readonly target: SizeTarget;
  /** The target as a figure. */
  readonly atMost: number;
  readonly before: number;
  /** What the plan said: exact for figures; for latency what the search measured, see `latencyFigures`. */
  readonly planned: number;
  readonly reached: number;
}

/** The network cut by one criterion, at the MACs of the network that the report is about. */
export interface ReportCriterion {
  readonly criterion: CriterionName;
  readonly parameters: number;
  readonly macs: number;
  /** On test, as `metric` of the report. */
  readonly refit: number;
  /** Absent where nothing was trained on. */
  readonly finetuned?: number;
}

/** How well a linear probe reads a task, on the head's layer of the untouched network and on what the pruned network's head reads. */
export interface ReportReadability {
  readonly task: string;
  readonly role: 'wanted' | 'avoided';
  readonly name: string;
  readonly higherIsBetter: boolean;
  readonly chance: number;
  readonly before: number;
  readonly after: number;
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
  /** The same for each task. */
  readonly tasks: readonly { readonly task: string; readonly metric: number; readonly validation: number }[];
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
  /** The λ of the knee; null where no curve decided (the layer has no tap, or only its class-mates chose), or those of several tasks. */
  readonly lambda: number | null;
  /** How many filters this layer's own curves chose; more are kept when a class-mate chose others. Null where no ε decided. */
  readonly chosen: number | null;
  readonly indices: readonly number[];
  readonly parametersBefore: number;
  readonly parametersAfter: number;
  readonly macsBefore: number;
  readonly macsAfter: number;
  /** Why it cannot be pruned; null when it can. */
  readonly reason: string | null;
  readonly frozenBy: FrozenBy | null;
  /** Share of what the layer can lose, by the damage that decided, that is lost with the filters that went; null where none decided. */
  readonly damage: number | null;
  /** What is out of the ordinary in how many it keeps: next to nothing is lost by so few, or no multiple was possible. */
  readonly note: string | null;
}

/** What a person gets beside the smaller network. Written as JSON; every number is finite. */
export interface CompressionReport {
  /** Name of the task; of several, joined by "+". */
  readonly task: string;
  /** Null where a target decided. */
  readonly epsilon: number | null;
  /** Null where an ε decided. */
  readonly target: ReportTarget | null;
  readonly criterion: CriterionName;
  readonly decide: DecisionName;
  /** The layer that the head reads, and how: its means over all positions (1), or on a 2 × 2 grid (2). */
  readonly bestLayer: string;
  readonly pool: HeadPool;
  /** Of the task; of several, their score (see `jointStages`). */
  readonly metric: MetricStages;
  readonly tasks: readonly TaskStages[];
  readonly before: NetworkFigures;
  /** The network that is delivered: the finetuned one where there is one, else the refitted one. */
  readonly after: NetworkFigures;
  readonly layers: readonly ReportLayer[];
  /** Evidence that surgery equals masking, and that the comparison would have noticed otherwise: three gates. */
  readonly proof: Proof;
  readonly split: {
    readonly by: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    /** Whether the curves of all tasks were computed on this split. */
    readonly shared: boolean;
  };
  /** Side by side; `refit` first, then what was trained. */
  readonly arms: readonly ReportArm[];
  /** The same cut by other criteria at equal MACs, this network's own first; empty where no comparison was asked for. */
  readonly criteria: readonly ReportCriterion[];
  /** Where tasks were to be avoided: what can still be read, on one split of the images for all tasks. */
  readonly avoidance: { readonly by: string; readonly tasks: readonly ReportReadability[] } | null;
  readonly provider: string;
  readonly warnings: readonly string[];
}
