import type { Emitter } from '../emit/emitter.ts';

/** What every term of a loss says: whose answers it measures, and how much it counts. */
interface TermBase {
  /** Names the inputs `label/NAME` and `rowWeight/NAME` and the output `loss/NAME`; unique within the step. */
  readonly name: string;
  /** The output of the model that is measured, read as rows × columns. */
  readonly output: string;
  /** Columns [from, to) of it; all when left out. */
  readonly columns?: readonly [number, number];
  /** Factor of this term in the sum. Default 1. */
  readonly weight?: number;
}

/** Mean over columns of ((answer − label) / scale)²; with `huber`, quadratic up to that many scales and linear beyond. */
export interface SquaredErrorTerm extends TermBase {
  /** `ordered` tasks regress the value behind their bins. */
  readonly kind: 'squaredError' | 'ordered';
  /** What one unit of error is, per column: the standard deviation of the labels. Default 1. */
  readonly scale?: readonly number[];
  readonly huber?: number;
  /**
   * Labels may be NaN where they are not known: such a column counts nothing, and the loss of a row is the mean over its other columns. Rows
   * weigh by the share of their labels that is known where each label shall count alike.
   */
  readonly partial?: boolean;
}

/** Cross-entropy of sigmoid(answer) with labels in [0, 1], the mean over columns: one for a binary task, one per label otherwise. */
export interface BinaryTerm extends TermBase {
  readonly kind: 'binary' | 'multilabel';
  /** Per column, what an image labelled 0 and one labelled 1 count. Default [1, 1]. */
  readonly classWeights?: readonly (readonly [number, number])[];
  /** Labels become (1 − smoothing) · label + smoothing / 2. Default 0. */
  readonly smoothing?: number;
  /** As for squared error. */
  readonly partial?: boolean;
}

/** Cross-entropy of softmax(answers) with labels that sum to 1 over the columns (one-hot, or mixed). */
export interface CategoricalTerm extends TermBase {
  readonly kind: 'categorical';
  /** What an image of each class counts; of a mixed label, the mean by its parts. Default 1 each. */
  readonly classWeights?: readonly number[];
  /** Labels become (1 − smoothing) · label + smoothing / classes. Default 0. */
  readonly smoothing?: number;
}

/**
 * Distance to a teacher's answers, fed as labels (Hinton et al. 2015). `categorical` and `binary`: cross-entropy with the teacher's
 * probabilities, both at `temperature` T, times T² so that gradients keep their size; `squared`: squared error of the answers.
 */
export interface DistillationTerm extends TermBase {
  readonly kind: 'distillation';
  readonly form: 'categorical' | 'binary' | 'squared';
  /** Default 1; `squared` takes none. */
  readonly temperature?: number;
  /** `squared`: as for squared error. */
  readonly scale?: readonly number[];
}

export type LossTerm = SquaredErrorTerm | BinaryTerm | CategoricalTerm | DistillationTerm;

/** What a kind of loss sees: answers and labels, rows × columns each. Labels that count nothing are 0. */
export interface LossSite {
  readonly emit: Emitter;
  readonly answers: string;
  readonly labels: string;
  readonly columns: number;
  /** Of a partial term, rows × columns: 0 for a label that is not known, columns / known for the others of its row. */
  readonly counts?: string;
}

export interface LossParts {
  /** Loss of each row, rows × 1. */
  readonly rows: string;
  /** Derivative of a row's loss with respect to its answers, rows × columns. */
  readonly gradient: string;
}

/** One kind of loss: value and gradient in a numerically stable form, which differentiating the value would not give. */
export type LossKind<T extends LossTerm> = (site: LossSite, term: T) => LossParts;
