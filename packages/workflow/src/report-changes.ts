import type { RowAnswers } from '@kneepoint/regression';

/** A test image, and what two networks say of it: a class, the labels that hold, or a value. */
export interface ReportChangedImage {
  /** Its name in the data set. */
  readonly image: string;
  readonly truth: readonly (string | number)[];
  readonly before: readonly (string | number)[];
  readonly after: readonly (string | number)[];
}

/** Test images that the delivered network answers otherwise than the one before. */
export interface ReportChanges {
  /** Test images that were compared: all, or 1000 evenly over them. */
  readonly compared: number;
  /** Of these, those that are answered otherwise; values are never quite the same. */
  readonly changed: number;
  /** Right before and wrong after; null for values. */
  readonly spoiled: number | null;
  /** Wrong before and right after; null for values. */
  readonly mended: number | null;
  /** At most 100 of those that changed: first those that are spoiled, then those that are mended; of values those that moved most. */
  readonly images: readonly ReportChangedImage[];
}

/** Names of the images whose answers were kept. */
export interface NamedRows {
  readonly rows: readonly number[];
  readonly names: readonly string[];
}

const MOST_IMAGES = 100;

interface Compared {
  readonly row: number;
  readonly truth: readonly (number | null)[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Null where answers were not kept. `classes`: names in the order of their ids. */
export function changesOf(
  before: RowAnswers | undefined,
  after: RowAnswers | undefined,
  classes: readonly string[],
  named: NamedRows | undefined,
): ReportChanges | null {
  if (!before || !after || !named) return null;
  const names = new Map(named.rows.map((row, at) => [row, named.names[at]!]));
  const all = together(before, after).filter(({ row }) => names.has(row));
  const changed = all.filter((one) => one.before.some((value, at) => value !== one.after[at]));
  const isValue = after.kind === 'value';
  const right = ({ truth }: Compared, answer: readonly number[]): boolean =>
    answer.every((value, at) => truth[at] === null || truth[at] === value);
  const spoiled = changed.filter((one) => right(one, one.before) && !right(one, one.after));
  const mended = changed.filter((one) => !right(one, one.before) && right(one, one.after));
  const others = changed.filter((one) => right(one, one.before) === right(one, one.after));
  const shown = isValue ? changed.toSorted((a, b) => moved(b) - moved(a)) : [...spoiled, ...mended, ...others];
  const say = (answer: readonly (number | null)[]): readonly (string | number)[] => {
    if (after.kind === 'value') return answer.filter((value) => value !== null);
    if (after.kind === 'class') return answer.map((id) => classes[id ?? -1] ?? '');
    return answer.flatMap((holds, label) => (holds === 1 ? [classes[label] ?? ''] : []));
  };
  return {
    compared: all.length,
    changed: changed.length,
    spoiled: isValue ? null : spoiled.length,
    mended: isValue ? null : mended.length,
    images: shown.slice(0, MOST_IMAGES).map((one) => ({
      image: names.get(one.row)!,
      truth: say(one.truth),
      before: say(one.before),
      after: say(one.after),
    })),
  };
}

function moved({ before, after }: Compared): number {
  return Math.max(...before.map((value, at) => Math.abs(value - after[at]!)));
}

/** Rows that both have answers to. */
function together(before: RowAnswers, after: RowAnswers): readonly Compared[] {
  const columns = after.rows.length === 0 ? 1 : after.answers.length / after.rows.length;
  const places = new Map(before.rows.map((row, at) => [row, at]));
  const part = <T>(values: readonly T[], at: number): readonly T[] => values.slice(at * columns, (at + 1) * columns);
  return after.rows.flatMap((row, at) => {
    const was = places.get(row);
    if (was === undefined) return [];
    return [{ row, truth: part(after.truth, at), before: part(before.answers, was), after: part(after.answers, at) }];
  });
}
