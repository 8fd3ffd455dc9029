import type { FailureCode } from '@kneepoint/failures';
import type { TaskSpec } from '@kneepoint/regression';

/** A task as the schema describes it, before the labels have filled in what it leaves open. */
export interface TaskDraft {
  readonly name: string;
  readonly type: TaskSpec['type'];
  readonly columns: readonly string[];
  readonly classes?: readonly string[];
  /** Inner edges, one list per column. */
  readonly bins?: readonly (readonly number[])[];
  readonly unit?: string;
  readonly mirror?: NonNullable<TaskSpec['mirror']>;
}

/** The cells of one task's columns, and where to report what is wrong with them. */
export interface LabelSource {
  readonly rows: number;
  /** The cell of the task's `column`-th column; empty where the label is missing. */
  cell(row: number, column: number): string;
  /** Reports a problem of one row, or of the whole task where `row` is undefined. */
  report(code: FailureCode, row: number | undefined, message: string, fix: string): void;
}

export interface EncodedTask {
  readonly spec: TaskSpec;
  /** The draft with its classes filled in: encoding with it again gives the same labels. */
  readonly draft: TaskDraft;
  /** Rows × targets, row-major: the regression targets, NaN where the label is missing. */
  readonly labels: Float64Array;
  readonly notes: readonly string[];
}

/** How one task type turns cells into regression targets. A new type is a new file and a line in taskKinds.ts. */
export interface TaskKind {
  /** Undefined when the task is beyond use; the reason has then been reported. */
  encode(draft: TaskDraft, source: LabelSource): EncodedTask | undefined;
}
