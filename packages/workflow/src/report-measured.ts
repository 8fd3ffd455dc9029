import type { HeadPool, Proof } from '@kneepoint/pruning';
import type { Breakdown, Interval, RowAnswers } from '@kneepoint/regression';
import type { FrozenBy } from './compression.ts';
import type { CriterionName, DecisionName, SizeTarget } from './plan/prune-options.ts';
import type { KeepGoal } from './rounds/keep-goal.ts';
import type { NamedRows } from './report-changes.ts';
import type { EpochRecord } from './steps/finetune.ts';
import type { Quantisation } from './steps/quantize.ts';

/** Size and speed of one network; latency of one image in milliseconds on the machine and provider of the measurement. */
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
  /** Pruned network as it was cut: every layer and the head with the weights that they had for the filters that are left. */
  readonly pruned: number;
  /** Pruned network, what removed filters said made up for by least squares in every layer that read them, the head as it was. */
  readonly healed: number;
  /** Healed network, head fitted again in closed form on its own responses. */
  readonly refit: number;
  /** Pruned network, all of it trained on; absent where that arm was not asked for. */
  readonly finetuned?: number;
}

/** One task's metric at all stages. */
export interface TaskStages extends MetricStages {
  readonly task: string;
  /** Test images that carry a label of it. */
  readonly images: number;
}

/** What was asked of the size, and what came of it. In units of the kind; milliseconds for latency. */
export interface ReportTarget {
  readonly target: SizeTarget;
  /** The target as a figure. */
  readonly atMost: number;
  readonly before: number;
  /** What the plan said: exact for figures; for latency what the search measured, see `latencyFigures`. */
  readonly planned: number;
  /** How a latency was searched for. Absent where another network's MACs decided. */
  readonly search?: LatencySearchFigures;
  readonly reached: number;
}

/** What the search for a latency found, in milliseconds of that moment. */
export interface LatencySearchFigures {
  /** The network that was chosen: by the table of its layers' times, and measured. */
  readonly forecast: number;
  readonly measured: number;
  /** How many whole networks were timed, the uncut one among them. */
  readonly networks: number;
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
  /** Test images that carry a label of it. */
  readonly images: number;
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

/**
 * `refit` is what pruning itself leaves: its head fitted in closed form. `quantized` is the network that is delivered, the finetuned one or else that of
 * the refit, in whole numbers.
 */
export type Arm = 'refit' | TrainedArm | 'quantized';

/** One task of one network. */
export interface ReportArmTask {
  readonly task: string;
  /** On test. */
  readonly metric: number;
  readonly validation: number;
  /** Bootstrap interval of `metric`. */
  readonly interval: Interval;
  /** What an output must reach to say yes, one for each target, for binary tasks and for labels; else empty. */
  readonly thresholds: readonly number[];
}

/** The same, and what its metric is made of on test. */
export interface MeasuredTask extends ReportArmTask {
  /** `metric` on each resample of the bootstrap, the same ones for every network of a comparison. */
  readonly draws: readonly number[];
  readonly breakdown: Breakdown;
  /** Image by image; absent of what was measured before they were kept. */
  readonly answers?: RowAnswers;
}

/** One network of a comparison, judged on the same test images as all others. */
export interface MeasuredArm extends NetworkFigures {
  readonly arm: Arm;
  /** On test. */
  readonly metric: number;
  /** On validation, which chose the epoch (or the head's penalty). */
  readonly validation: number;
  /** Bootstrap interval of `metric`, subjects drawn whole where the split keeps them together; null for the score of several tasks. */
  readonly interval: Interval | null;
  /** The same for each task. */
  readonly tasks: readonly MeasuredTask[];
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

/** One cut and the training after it, on the way to the network that is delivered. */
export interface ReportRound {
  readonly parameters: number;
  readonly macs: number;
  /** Share of what the target or the search is about that is left of the whole network. */
  readonly share: number;
  /** Metric of the network trained, on validation and on test. */
  readonly validation: number;
  readonly test: number;
  /** Of the healed network with its head refitted, on test: what the training began with. */
  readonly refit: number;
  /** How much of the whole network's metric it keeps on validation; of several tasks the least. */
  readonly kept: number;
  /** Whether it keeps what shall be kept; null where no goal was searched. */
  readonly keeps: boolean | null;
  readonly epochs: number;
  readonly seconds: number;
  readonly modelSha256: string;
  /** Whether it is the network that is delivered. */
  readonly delivered: boolean;
}

/** A goal to keep, and what came of it. On validation, as it was searched; test beside it. */
export interface ReportKeep {
  readonly goal: KeepGoal;
  readonly met: boolean;
  readonly tasks: readonly {
    readonly task: string;
    /** The whole network finetuned. */
    readonly whole: { readonly validation: number; readonly test: number };
    /** The worst value on validation that meets the goal. */
    readonly bound: number;
    readonly validation: number;
    readonly test: number;
  }[];
}

/** What least squares made up for in a layer: shares of its variance in the network before the cut that are missed, on validation. */
export interface ReportHealing {
  /** With the weights that it was cut with, in the network as healed so far. */
  readonly before: number;
  readonly after: number;
  /** The penalty that did best; null where the weights stayed as they were. */
  readonly ridge: number | null;
  /** Why it was healed in another way, or not. */
  readonly note: string | null;
}

export interface ReportLayer {
  readonly name: string;
  readonly filters: number;
  readonly kept: number;
  /** The λ of the knee; null where no curve decided (the layer has no tap, or only its class-mates chose), or those of several tasks. */
  readonly lambda: number | null;
  /** How many filters this layer's own curves chose; more are kept when a class-mate chose others. Null where no ε decided. */
  readonly chosen: number | null;
  /** Which filters of the registered model; empty where what is left is none of them, such as a rank. */
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
  /** Null where the layer reads nothing that was cut. */
  readonly healing: ReportHealing | null;
}

/** What layers take, in graph order. Fused or taken out, a layer of one network may not be in the other. */
export interface ReportLayerTimes {
  /** Of the whole network. */
  readonly before: readonly LayerTime[];
  /** Of the delivered one. */
  readonly after: readonly LayerTime[];
}

/** A layer, with all that follows it until the next one. */
export interface LayerTime {
  readonly name: string;
  /** Of the time in operators, 0 to 1. */
  readonly share: number;
  /** Its share of the median of the whole: of one image in a report, of one batch in a benchmark. */
  readonly ms: number;
}

/** The untouched network, as a linear probe on its best layer reads it. */
export type MeasuredOriginal = Pick<MeasuredArm, 'metric' | 'validation' | 'interval' | 'tasks'>;

/** What a machine is, as far as times depend on it. */
export interface Machine {
  readonly cpu: string;
  /** That this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** System and architecture, such as "linux x64". */
  readonly platform: string;
  /** Versions of Node.js and of ONNX Runtime. */
  readonly node: string;
  readonly onnxruntime: string;
}

/** Where figures come from. */
export interface Measurement {
  /** Id of the run that measured, as the API gives it. */
  readonly run: string;
  /** In ISO 8601, UTC. */
  readonly at: string;
  /** Execution provider on which networks ran and were timed. */
  readonly provider: string;
  readonly machine: Machine;
}

/** What was measured of one smaller network: the result of a step, which every run that asks for the same finds. Every number is finite. */
export interface MeasuredResult {
  readonly measured: Measurement;
  /** Name of the task; of several, joined by "+". */
  readonly task: string;
  /** Null where a target decided. */
  readonly epsilon: number | null;
  /** Null where an ε decided. */
  readonly target: ReportTarget | null;
  readonly criterion: CriterionName;
  readonly decide: DecisionName;
  /** How many filters each layer keeps follows from the damage of the rest, or is the same share everywhere; null where an ε decided. */
  readonly widths: 'damage' | 'even' | null;
  /** What damage was judged by: what the answers depend on, or where an operator has no derivative the weights that read; null where none was measured. */
  readonly damageBy: 'answers' | 'readers' | null;
  /** Layers that keep filters where a rank was wanted: rotated, the network did not answer the same to float32's precision. */
  readonly unrotated?: readonly string[];
  /** What is clearly wrong with what the network is fed, as far as its own statistics tell. */
  readonly fed?: readonly string[];
  /** What the head reads: a layer, its means over all positions (1) or on a 2 × 2 grid (2). */
  readonly bestLayer: string;
  readonly pool: HeadPool;
  /** Of the task; of several, their score (see `jointStages`). */
  readonly metric: MetricStages;
  readonly tasks: readonly TaskStages[];
  readonly original: MeasuredOriginal;
  /** Of the images whose answers are kept; absent of what was measured before they were. */
  readonly images?: NamedRows;
  readonly before: NetworkFigures;
  /** The network that is delivered: the one in whole numbers, else the finetuned one, else the refitted one. */
  readonly after: NetworkFigures;
  readonly layers: readonly ReportLayer[];
  /** Where the time goes; absent where a card does the work, of a cut that nothing was trained after, and of older measurements. */
  readonly layerTimes?: ReportLayerTimes;
  /** Evidence that surgery equals masking, and that the comparison would have noticed otherwise: three gates. */
  readonly proof: Proof;
  readonly split: {
    readonly by: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
    /** Where the split comes from when the data set has its own, such as `column "Usage"`. */
    readonly given?: string;
    /** Whether the curves of all tasks were computed on this split. */
    readonly shared: boolean;
  };
  /** The goal that was searched; null where an ε or a target alone decided. */
  readonly keep: ReportKeep | null;
  /** On the way to this network, in order; empty where it was cut once. */
  readonly rounds: readonly ReportRound[];
  /** Side by side; `refit` first, then what was trained. */
  readonly arms: readonly MeasuredArm[];
  /** The same cut by other criteria at equal MACs, this network's own first; empty where no comparison was asked for. */
  readonly criteria: readonly ReportCriterion[];
  /** How it was turned into whole numbers; absent where it was not. */
  readonly quantisation?: Quantisation;
  /** Where tasks were to be avoided: what can still be read, on one split of the images for all tasks. */
  readonly avoidance: { readonly by: string; readonly tasks: readonly ReportReadability[] } | null;
  readonly warnings: readonly string[];
}
