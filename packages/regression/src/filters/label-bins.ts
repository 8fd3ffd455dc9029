import { KINDS } from '../kinds/registry.ts';
import { labelledRows } from '../task/labels.ts';
import type { LabelledTask } from '../task/spec.ts';

/** Rows whose labels are alike. */
export interface LabelBin {
  /** Of a class, label or bin of the task; of values the smallest and the largest, as "3 to 7.5". */
  readonly name: string;
  /** Smallest and largest label in it, where labels are values; null where they are classes. */
  readonly bounds: readonly [from: number, to: number] | null;
  /** Ascending. Empty for a class that no row is of. */
  readonly rows: Int32Array;
  /** Rows of which it is known whether they are in it, ascending; absent where that is known of every labelled row. */
  readonly known?: Int32Array;
}

/** Groups of rows by what their labels say. */
export interface LabelBins {
  readonly bins: readonly LabelBin[];
  /** Whether a row can be in several: labels that hold or not, each by itself. */
  readonly overlapping: boolean;
  /** Every row with a label, ascending. */
  readonly rows: Int32Array;
}

/**
 * The labelled rows of a task in groups, in ascending order of the label: values in up to `most` groups of as many rows as there can be, equal
 * values together; ordered values in the task's own bins (of two targets all pairs); classes each by itself; of a multilabel task those
 * rows of which a label holds. Throws what `labelledRows` throws.
 */
export function labelBins(task: LabelledTask, count: number, most = 10): LabelBins {
  const { spec, labels } = task;
  const present = labelledRows(task, count);
  const kind = KINDS[spec.type];
  const names = kind.classNames(spec);
  if (names === undefined) return { bins: byQuantile(present, labels, most), overlapping: false, rows: present };
  const targets = spec.targets.length;
  const truth = kind.decide(takeLabels(labels, present, targets), spec, []);
  const columns = kind.columns(spec);
  const bins = names.map((name, id): LabelBin => {
    const rows = present.filter((_, at) => (columns === 1 ? truth[at] === id : truth[at * columns + id] === 1));
    const known = columns === 1 ? present : present.filter((_, at) => !Number.isNaN(truth[at * columns + id]!));
    return { name, bounds: null, rows, ...(known.length < present.length ? { known } : {}) };
  });
  return { bins, overlapping: columns > 1, rows: present };
}

function takeLabels(labels: Float64Array, rows: Int32Array, targets: number): Float64Array {
  const taken = new Float64Array(rows.length * targets);
  rows.forEach((row, at) => taken.set(labels.subarray(row * targets, (row + 1) * targets), at * targets));
  return taken;
}

/** One value for each row. Where equal values reach beyond a quantile, the next bin ends at the next one that leaves it at least half of its share. */
function byQuantile(rows: Int32Array, values: Float64Array, most: number): LabelBin[] {
  const order = rows.slice().sort((a, b) => values[a]! - values[b]! || a - b);
  const bins: LabelBin[] = [];
  for (let from = 0; from < order.length;) {
    const next = Math.round((from * most) / order.length) + 1;
    let to = Math.min(order.length, Math.max(from + 1, Math.round((order.length * next) / most)));
    while (to < order.length && values[order[to]!] === values[order[to - 1]!]) to++;
    const bounds = [values[order[from]!]!, values[order[to - 1]!]!] as const;
    bins.push({ name: nameOf(bounds), bounds, rows: order.slice(from, to).sort() });
    from = to;
  }
  return bins;
}

function nameOf([from, to]: readonly [number, number]): string {
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  return from === to ? short(from) : `${short(from)} to ${short(to)}`;
}
