import { Failure } from '@kneepoint/failures';
import { labelledRows } from '../task/labels.ts';
import type { LabelledTask } from '../task/spec.ts';
import { completeSplit, type GivenParts } from '../given-split.ts';
import { LEFT_OUT, splitRows } from '../split.ts';

/** How a task's rows are divided: whole groups together (the default where groups are known), or row by row. */
export type SplitBy = 'group' | 'row';

export interface AnalysedTask extends LabelledTask {
  readonly splitBy?: SplitBy | undefined;
}

/** Tasks with the same labelled rows and the same kind of split: they share splits, and with them every Gram matrix. */
export interface TaskFamily {
  readonly members: readonly FamilyMember[];
  /** Targets of all members, side by side. */
  readonly targets: number;
  /** Indices of the labelled rows. */
  readonly rows: Int32Array;
  /** N × targets; rows that are not in `rows` hold no meaning. */
  readonly labels: Float64Array;
  readonly groups: Int32Array | undefined;
  /**
   * Only of a task that labels some rows in part: its labels as tasks of their own, those that label the same rows together. A member's `index` is
   * the label's column. Fits are made on these, each on the rows that carry the label; split and judged is the family as a whole.
   */
  readonly parts?: readonly TaskFamily[];
}

/** What is fitted by itself: a family, or the parts of one whose labels are not known on the same rows. */
export function fittedApart(family: TaskFamily): readonly TaskFamily[] {
  return family.parts ?? [family];
}

export interface FamilyMember {
  readonly task: AnalysedTask;
  /** Position in the list of tasks that was given. */
  readonly index: number;
  /** The member's columns among the family's targets. */
  readonly from: number;
  readonly count: number;
}

/** A task's split is of its own labelled rows, so that its shares hold however few they are; LEFT_OUT marks the others. A given split is kept, see `completeSplit`. */
export function splitTask(
  task: AnalysedTask,
  {
    rows,
    seed,
    trial,
    groups,
    given,
  }: {
    rows: number;
    seed: number;
    trial: number;
    groups?: Int32Array | undefined;
    given?: GivenParts | undefined;
  },
): Uint8Array {
  const [family] = familiesOf([task], rows, groups);
  return splitFamily(family as TaskFamily, rows, seed, trial, given);
}

/** One entry per row: TRAIN, VALIDATION, TEST, or LEFT_OUT where the family has no label. */
export function splitFamily(
  family: TaskFamily,
  rows: number,
  seed: number,
  trial: number,
  given?: GivenParts,
): Uint8Array {
  const { groups } = family;
  const local =
    given === undefined
      ? splitRows({ rows: family.rows.length, seed, trial, groups })
      : completeSplit(given, family.rows, { groups, seed, trial });
  const parts = new Uint8Array(rows).fill(LEFT_OUT);
  family.rows.forEach((row, i) => (parts[row] = local[i] as number));
  return parts;
}

/** Sorts tasks into families, checking every label on the way; see `labelledRows` for what it throws. */
export function familiesOf(tasks: readonly AnalysedTask[], rows: number, groups: Int32Array | undefined): TaskFamily[] {
  if (groups !== undefined && groups.length !== rows) {
    throw new Failure('REGRESSION_SHAPE', `${groups.length} group ids for ${rows} rows`, {
      fix: 'one group id per row',
    });
  }
  const drafts: Draft[] = [];
  tasks.forEach((task, index) => {
    const present = labelledRows(task, rows);
    const grouped = groups !== undefined && task.splitBy !== 'row';
    const partial = labelsInPart(task, present);
    const kin = partial
      ? undefined
      : drafts.find((draft) => !draft.partial && draft.grouped === grouped && sameRows(draft.rows, present));
    if (kin === undefined) drafts.push({ rows: present, grouped, partial, members: [{ task, index }] });
    else kin.members.push({ task, index });
  });
  return drafts.map(({ rows: present, grouped, partial, members }) => {
    let targets = 0;
    const placed = members.map(({ task, index }) => {
      const count = task.spec.targets.length;
      targets += count;
      return { task, index, from: targets - count, count };
    });
    const chosen = grouped ? groups : undefined;
    return {
      members: placed,
      targets,
      rows: present,
      labels: stackLabels(placed, rows, targets),
      groups: chosen === undefined ? undefined : present.map((row) => chosen[row] as number),
      ...(partial ? { parts: familiesOf(labelsOf(members[0]!.task), rows, undefined) } : {}),
    };
  });
}

interface Draft {
  readonly rows: Int32Array;
  readonly grouped: boolean;
  readonly partial: boolean;
  readonly members: { readonly task: AnalysedTask; readonly index: number }[];
}

function labelsInPart({ spec, labels }: LabelledTask, present: Int32Array): boolean {
  const targets = spec.targets.length;
  return present.some((row) => {
    for (let at = row * targets; at < (row + 1) * targets; at++) if (Number.isNaN(labels[at])) return true;
    return false;
  });
}

/** Every label of a task as a task. */
function labelsOf({ spec, labels }: LabelledTask): readonly AnalysedTask[] {
  return spec.targets.map((name, column) => ({
    spec: { name, type: 'binary', targets: [name] },
    labels: labels.filter((_, i) => i % spec.targets.length === column),
  }));
}

function sameRows(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}

function stackLabels(members: readonly FamilyMember[], rows: number, targets: number): Float64Array {
  if (members.length === 1) return members[0]!.task.labels;
  const labels = new Float64Array(rows * targets);
  for (const { task, from, count } of members) {
    for (let row = 0; row < rows; row++) {
      labels.set(task.labels.subarray(row * count, (row + 1) * count), row * targets + from);
    }
  }
  return labels;
}
