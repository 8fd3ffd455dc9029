import type { Preprocess } from '@kneepoint/datasets';
import type { ClassFigures, Interval, ResidualFigures, TaskType } from '@kneepoint/regression';
import type { ReportChanges } from './report-changes.ts';
import type { Arm, MeasuredArm, MeasuredResult, Measurement, ReportArmTask } from './report-measured.ts';

/** Of the document's shape: the first number changes with what breaks a reader, the second with what is added. */
export const REPORT_SCHEMA_VERSION = '1.0';

/** Who asked for it, when, and under which name. */
export interface ReportRun {
  /** The run's id, as the API gives it. */
  readonly id: string;
  readonly kind: 'PRUNE' | 'COMPRESSION';
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Null where nobody was asked who they are. */
  readonly createdBy: string | null;
  /** Times in ISO 8601, UTC. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Whether every step was found done. */
  readonly reused: boolean;
}

/** The network as it was registered. */
export interface ReportModel {
  /** As the API gives it; null where the model was deleted meanwhile. */
  readonly id: string | null;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Name of the task that it was trained for, if a person said so. */
  readonly primaryTask: string | null;
  /** License and author as the file's own metadata name them. */
  readonly license: string | null;
  readonly author: string | null;
  /** What else the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReportDataset {
  readonly id: string | null;
  readonly name: string;
  /** Of the archive of images, manifest and schema. */
  readonly sha256: string;
  readonly images: number;
  /** Column whose value keeps images together when the set is split. */
  readonly subject: string | null;
  /** What was guessed or left out when it was read, one sentence each. */
  readonly notes: readonly string[];
}

/** One task that the network is for. Answers stand in the network's output in the order of tasks and of their targets. */
export interface ReportTask {
  readonly name: string;
  readonly type: TaskType;
  /** Names of the columns of the output. */
  readonly targets: readonly string[];
  /** Names of classes, labels or bins, in the order of their ids; null for values. */
  readonly classes: readonly string[] | null;
  /** Of values and of what is binned; null where the data set names none. */
  readonly unit: string | null;
  /** Inner edges for each target of an ordered task, ascending; a value on an edge belongs to the bin above it. Else null. */
  readonly bins: readonly (readonly number[])[] | null;
}

/** How images were divided, and into how many. Weights are fitted on training, everything is chosen on validation, test is judged once. */
export interface ReportSplit {
  /** "image", or the column whose values were kept together. */
  readonly by: string;
  readonly seed: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  /** Where it comes from when the data set has its own, such as `column "Usage"`; else null. */
  readonly given: string | null;
  /** Whether the curves of all tasks were computed on this split. */
  readonly shared: boolean;
}

/** The network that is delivered. */
export interface ReportDelivered {
  /** Which of the arms. */
  readonly arm: Arm;
  readonly sha256: string;
  readonly bytes: number;
  /** What its outputs are for tasks of classes: `logits` of a training, or `regressed` to 0 and 1 in closed form. */
  readonly scores: 'logits' | 'regressed';
  /** By task: what an output must reach to say yes, one for each target, for binary tasks and for labels; else empty. */
  readonly tasks: readonly { readonly task: string; readonly thresholds: readonly number[] }[];
}

/** One class before and after, on the same test images. */
export interface ReportClass {
  readonly name: string;
  /** Test images of the class. */
  readonly images: number;
  readonly before: ClassFigures;
  readonly after: ClassFigures;
}

/** Errors where the truth lies between two bounds, before and after. */
export interface ReportResiduals {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly before: ResidualFigures;
  readonly after: ResidualFigures;
}

/** What a task's figure is made of, before (see `reference`) and in the network that is delivered. */
export interface ReportPerClass {
  readonly task: string;
  /** Empty for a task of values. */
  readonly classes: readonly ReportClass[];
  /** Test images by true class (outer) and answered class (inner); null for labels, for values, and for more than 100 classes. */
  readonly confusion: {
    readonly before: readonly (readonly number[])[];
    readonly after: readonly (readonly number[])[];
  } | null;
  /** Empty for a task of classes. */
  readonly residuals: readonly ReportResiduals[];
  /** Image by image; null of what was measured before answers were kept. */
  readonly changes: ReportChanges | null;
}

/** One network of a comparison. */
export interface ReportArm extends Omit<MeasuredArm, 'tasks'> {
  readonly tasks: readonly ReportArmTask[];
}

/** What the untouched network gives through a linear probe on its best layer, on the same test images. */
export interface ReportOriginal {
  readonly metric: number;
  readonly validation: number;
  /** Null for the score of several tasks. */
  readonly interval: Interval | null;
  readonly tasks: readonly ReportArmTask[];
}

/** One smaller network, with all that it is compared with. */
export interface ReportResult extends Omit<MeasuredResult, 'measured' | 'split' | 'arms' | 'original' | 'images'> {
  /** Tells it apart from others of the run, such as "macs-80pct", "0.01" or "keep-99pct". */
  readonly label: string;
  /** What came of it, in one sentence made of the figures below. */
  readonly verdict: string;
  readonly delivered: ReportDelivered;
  readonly original: ReportOriginal;
  /** What "before" is: the whole network finetuned (the arm `unpruned`) where it was trained, else the probe on the untouched one. */
  readonly reference: 'unpruned' | 'probe';
  /** Side by side; `refit` first, then what was trained. */
  readonly arms: readonly ReportArm[];
  readonly perClass: readonly ReportPerClass[];
  /** When, where and by which run it was measured: another one than the report is of, where that found the work done. */
  readonly measured: Measurement;
}

/** Where more is to be had. */
export interface ReportLinks {
  /** Where GraphQL is asked; null where the server was not told how users reach it. */
  readonly graphql: string | null;
}

/** All that came of one run, and what it needs to be understood and done again. Every number is finite. */
export interface Report {
  readonly schemaVersion: typeof REPORT_SCHEMA_VERSION;
  /** Version of Kneepoint that wrote it. */
  readonly kneepoint: string;
  /** When the run ended, in ISO 8601, UTC. */
  readonly createdAt: string;
  readonly run: ReportRun;
  /**
   * The command that does it again, quoted for a shell: `prune` by the names on the server, `compress` by files of these names. Null where
   * something was asked for that only the API can say.
   */
  readonly command: string | null;
  readonly model: ReportModel;
  readonly dataset: ReportDataset;
  /** How an image becomes the network's input. */
  readonly preprocess: Preprocess;
  readonly tasks: readonly ReportTask[];
  readonly split: ReportSplit;
  /** One for each ε, target or goal. */
  readonly results: readonly ReportResult[];
  readonly links: ReportLinks;
}
