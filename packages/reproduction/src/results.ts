import type { Profile } from './profile.ts';

/** A metric and which way it is better. Errors are in the unit of the labels. */
export interface MetricOf {
  readonly metric: string;
  readonly higherIsBetter: boolean;
}

/** A network whose layers were read. */
export interface NetworkResult {
  readonly name: string;
  /** What it was trained for; null where nobody said so. */
  readonly task: string | null;
  readonly parameters: number;
  readonly macs: number;
  /** How well it does that itself on images of the smaller part, none of which it was trained on; null where it was not trained here. */
  readonly own: (MetricOf & { readonly value: number; readonly chance: number; readonly seconds: number }) | null;
}

/** One entry of the matrix: the best layer of a network for a task (paper §3). */
export interface CellResult extends MetricOf {
  readonly network: string;
  readonly task: string;
  readonly layer: string;
  readonly value: number;
  readonly spread: number;
  readonly chance: number;
  /** 100 · (ref − value) / ref, positive being worse; null where no network was trained for the task. */
  readonly reductionPercent: number | null;
  /** Bootstrap interval of the first trial's figure; null where it was not taken. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Share of the labels' variance that is explained on test; the mean predictor has 0. */
  readonly r2: number | null;
  readonly logMe: number | null;
  readonly hScore: number | null;
}

/** One task read from one layer (Fig. 11). */
export interface LayerResult extends MetricOf {
  readonly network: string;
  readonly task: string;
  readonly layer: string;
  readonly value: number;
  readonly chance: number;
}

/** Least squares beside the head trained on frozen layers, on the same partition (Fig. 6). */
export interface TransferResult extends MetricOf {
  readonly network: string;
  readonly task: string;
  readonly regression: number;
  /** Of a head trained on what the frozen network answers to each image, computed once. */
  readonly headOnly: number;
  readonly headSeconds: number;
  /** Of a head trained as it is usual, and in the paper: every epoch takes the images, a little moved, through the frozen network. */
  readonly onImages: { readonly value: number; readonly seconds: number };
}

/** Time of all satellite tasks of one network with responses in hand. */
export interface TimingResult {
  readonly network: string;
  readonly tasks: readonly string[];
  readonly images: number;
  readonly layers: number;
  /** Every task on every layer, one partition: fit, penalty, thresholds, test. */
  readonly regressionSeconds: number;
  /** The same on the last layer alone, which is what a head reads. */
  readonly lastLayerSeconds: number;
  /** Heads of the same tasks trained on stored answers of the frozen network; null where none was. */
  readonly headSeconds: number | null;
  /** Heads of the same tasks trained on the images; null where none was. */
  readonly onImagesSeconds: number | null;
}

/** What filters of a layer answer to images of each bin of a label (Fig. 2). */
export interface ResponseResult {
  readonly network: string;
  readonly layer: string;
  readonly task: string;
  readonly bins: readonly { readonly name: string; readonly rows: number; readonly mean: readonly number[] }[];
  /** Share of each filter's variance that lies between the bins. */
  readonly explained: readonly number[];
}

/** Which filters of the last layer carry which task (Fig. 1). */
export interface DistributionResult {
  readonly network: string;
  readonly layer: string;
  readonly filters: number;
  readonly epsilon: number;
  readonly tasks: readonly { readonly task: string; readonly kept: readonly number[] }[];
}

/** Characteristic curves of all layers for one task (Figs. 7, 8). */
export interface CurveResult {
  readonly network: string;
  readonly task: string;
  readonly unit: string | null;
  readonly layers: readonly {
    readonly layer: string;
    readonly filters: number;
    readonly points: readonly { readonly filters: number; readonly rmse: number }[];
    readonly knee: { readonly epsilon: number; readonly filters: number; readonly rmse: number };
  }[];
}

/** One network that was cut, with the arms that it is compared with. */
export interface CutResult {
  readonly network: string;
  readonly result: CutFigures;
}

/** A network so small that time is what it is judged by, cut at once, beside the whole one with a new head. */
export interface SmallResult extends CutResult {
  /** The metric on test of the whole network with a new head, on the last layer or on that which the small one reads, whichever is better. */
  readonly head: number;
  /** Of the small one, trained on. */
  readonly finetuned: number;
  /** Of the whole network and the small one in turn, so many images at a time. */
  readonly throughput: {
    readonly batch: number;
    /** Images per second. */
    readonly before: number;
    readonly after: number;
  };
}

/** What figures and claims need of one result of a run's report, under the names that it has there. */
export interface CutFigures {
  readonly label: string;
  readonly task: string;
  /** Null where a target decided. */
  readonly epsilon: number | null;
  readonly criterion: string;
  readonly bestLayer: string;
  readonly metric: StageFigures;
  readonly before: SizeFigures;
  readonly after: SizeFigures;
  readonly layers: readonly LayerFigures[];
  readonly criteria: readonly CriterionFigures[];
  readonly arms: readonly ArmFigures[];
}

/** One metric at the stages of a cut, on the same test images. */
export interface StageFigures {
  readonly name: string;
  readonly higherIsBetter: boolean;
  readonly chance: number;
  readonly probe: number;
  readonly pruned: number;
  readonly healed: number;
  readonly refit: number;
  /** Absent where nothing was trained. */
  readonly finetuned?: number;
}

/** Milliseconds are for one image. */
export interface SizeFigures {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly latencyMs: { readonly p50: number; readonly p95: number };
}

export interface LayerFigures {
  readonly name: string;
  readonly filters: number;
  readonly kept: number;
  /** Which filters of the whole network. */
  readonly indices: readonly number[];
  readonly parametersBefore: number;
  readonly parametersAfter: number;
  readonly macsBefore: number;
  readonly macsAfter: number;
}

/** Another way to choose filters, at equal multiply-accumulates. */
export interface CriterionFigures {
  readonly criterion: string;
  readonly parameters: number;
  readonly macs: number;
  readonly refit: number;
  /** Absent where nothing was trained on. */
  readonly finetuned?: number;
}

export interface ArmFigures extends SizeFigures {
  readonly arm: 'refit' | 'finetuned' | 'scratch' | 'headOnly' | 'unpruned' | 'quantized';
  readonly metric: number;
  readonly validation: number;
  /** Null where nothing was trained. */
  readonly epochs: number | null;
  readonly seconds: number | null;
}

/** A network whose filters for one task were taken out (proposed in the paper's conclusion). */
export interface AgnosticResult {
  readonly network: string;
  readonly result: CutFigures;
  readonly tasks: readonly ({
    readonly task: string;
    readonly role: string;
    readonly before: number;
    readonly after: number;
    readonly chance: number;
  } & MetricOf)[];
}

/** How well the order of a cheap score agrees with the order of the networks finetuned for a task. */
export interface RankingResult {
  readonly task: string;
  readonly finetuned: readonly { readonly network: string; readonly value: number }[];
  /** Spearman's ρ over the networks; null where a score ties everywhere. */
  readonly scores: readonly { readonly score: string; readonly rho: number | null }[];
}

/** Everything that a reproduction found: figures, claims and the page are made of this alone. */
export interface Reproduction {
  readonly version: '1';
  readonly machine: string;
  readonly profile: Profile;
  /** What it was read from: drawn faces, or a folder's name. */
  readonly data: string;
  readonly images: number;
  readonly tasks: readonly string[];
  readonly networks: readonly NetworkResult[];
  /** The larger network that small ones were cut from; null where they were cut from the others. */
  readonly wide: NetworkResult | null;
  readonly matrix: readonly CellResult[];
  readonly byLayer: readonly LayerResult[];
  readonly transfer: readonly TransferResult[];
  readonly timing: TimingResult;
  readonly responses: ResponseResult | null;
  readonly distribution: DistributionResult;
  readonly curves: readonly CurveResult[];
  readonly cuts: readonly CutResult[];
  readonly small: readonly SmallResult[];
  /** Of the network with max-feature-map. */
  readonly light: readonly CutResult[];
  readonly agnostic: AgnosticResult | null;
  readonly rankings: readonly RankingResult[];
}
