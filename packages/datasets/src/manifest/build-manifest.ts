import type { TaskSpec } from '@kneepoint/regression';
import { LIMITS } from '../limits.ts';
import type { Problems } from '../problems.ts';
import { quote } from '../quote.ts';
import type { Table } from '../table/table.ts';
import type { EncodedTask, LabelSource, TaskDraft } from '../tasks/task-kind.ts';
import { TASK_KINDS } from '../tasks/task-kinds.ts';
import { checkImagePaths } from './check-image-paths.ts';
import { givenSplit } from './given-split.ts';
import type { Manifest, SplitBy } from './manifest.ts';

export interface BuiltManifest {
  readonly manifest: Manifest;
  /** The tasks with nothing left open: building with them again gives the same labels. */
  readonly drafts: readonly TaskDraft[];
}

/** Turns a table and its tasks into a manifest. Reports to `problems`; the result is sound only if that stays empty. */
export function buildManifest(
  table: Table,
  drafts: readonly TaskDraft[],
  subject: string | undefined,
  notes: readonly string[],
  problems: Problems,
): BuiltManifest {
  const images = checkImagePaths(table, problems);
  checkCounts(table, drafts, problems);
  const usable = table.rows.length === 0 ? [] : drafts;
  const encoded = usable.flatMap(
    (draft) => TASK_KINDS[draft.type].encode(draft, sourceOf(draft, table, problems)) ?? [],
  );
  for (const { spec } of encoded) checkMirror(spec, problems);
  const groups = subject === undefined ? undefined : groupsOf(subject, table, problems);
  const { split, notes: splitNotes } = givenSplit(table, subject, problems);
  const manifest: Manifest = {
    images,
    tasks: encoded.map((task) => task.spec),
    labels: byTask(encoded, (task) => task.labels),
    splitBy: byTask(encoded, (task): SplitBy => {
      return subject === undefined || task.draft.columns.includes(subject) ? 'row' : 'group';
    }),
    missing: byTask(encoded, countMissing),
    ...(subject === undefined || groups === undefined ? {} : { subject, groups }),
    ...(split === undefined ? {} : { split }),
    // A data set that was packed before has said some of this.
    notes: [...new Set([...notes, ...splitNotes, ...encoded.flatMap((task) => task.notes)])],
  };
  return { manifest, drafts: encoded.map((task) => task.draft) };
}

function checkCounts(table: Table, drafts: readonly TaskDraft[], problems: Problems): void {
  const { file } = table;
  if (table.rows.length === 0 && problems.total === 0) {
    const fix = 'add one row per image below the header';
    problems.add({ code: 'DATASET_MANIFEST_EMPTY', file, line: 0, message: 'the manifest names no image', fix });
  } else if (table.rows.length > LIMITS.images) {
    const message = `the manifest names ${table.rows.length} images`;
    const fix = `split the data set: at most ${LIMITS.images} images`;
    problems.add({ code: 'DATASET_MANIFEST_TOO_LARGE', file, line: 0, message, fix });
  } else if (drafts.length === 0 && problems.total === 0) {
    const message = 'no column can be a task';
    const fix = 'add a label column with at least two different values, or describe the task in schema.json';
    problems.add({ code: 'DATASET_NO_TASKS', file, line: 0, message, fix });
  }
}

/** A mirror rule speaks of targets by number; how many there are is known once the classes are. */
function checkMirror({ name, mirror, targets }: TaskSpec, problems: Problems): void {
  if (mirror === undefined || mirror === 'unchanged') return;
  const named = 'swap' in mirror ? mirror.swap.flat() : mirror.negate;
  const wrong = named.find((target) => target >= targets.length);
  if (wrong === undefined) return;
  problems.add({
    code: 'DATASET_SCHEMA_INVALID',
    file: 'schema.json',
    line: 0,
    message: `task ${quote(name)}: "mirror" names target ${wrong}`,
    fix: `the targets are 0 to ${targets.length - 1}`,
  });
}

function sourceOf(draft: TaskDraft, table: Table, problems: Problems): LabelSource {
  const positions = draft.columns.map((column) => table.columns.indexOf(column));
  let faulty = false;
  return {
    rows: table.rows.length,
    cell: (row, column) => table.rows[row]?.cells[positions[column] ?? -1] ?? '',
    report: (code, row, message, fix) => {
      // Labels that could not be read make a task look as if it had one class: one complaint is enough.
      if (code === 'DATASET_ONE_CLASS' && faulty) return;
      faulty = true;
      const line = row === undefined ? 0 : (table.rows[row]?.line ?? 0);
      problems.add({ code, file: table.file, line, message, fix });
    },
  };
}

function groupsOf(subject: string, table: Table, problems: Problems): Int32Array {
  const position = table.columns.indexOf(subject);
  const numbers = new Map<string, number>();
  return Int32Array.from(table.rows, ({ line, cells }) => {
    const name = cells[position] ?? '';
    if (name === '') {
      const message = `the row names no ${quote(subject)}, by which the data set is split`;
      const fix = `fill in ${quote(subject)}, or remove the row`;
      problems.add({ code: 'DATASET_SUBJECT_MISSING', file: table.file, line, message, fix });
    }
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
}

/** Images that do not count for a task: of several labels one is enough. */
function countMissing({ spec, labels }: EncodedTask): number {
  const targets = spec.targets.length;
  let missing = 0;
  for (let start = 0; start < labels.length; start += targets) {
    const own = labels.subarray(start, start + targets);
    if (spec.type === 'multilabel' ? own.every(Number.isNaN) : own.some(Number.isNaN)) missing += 1;
  }
  return missing;
}

/** Without a prototype, so that a task named "constructor" is found only where there is one. */
function byTask<T>(tasks: readonly EncodedTask[], valueOf: (task: EncodedTask) => T): Record<string, T> {
  const record = Object.create(null) as Record<string, T>;
  for (const task of tasks) record[task.spec.name] = valueOf(task);
  return record;
}
