import { type Breakdown, KINDS, type TaskSpec } from '@kneepoint/regression';
import type { Arm, MeasuredOriginal, MeasuredResult, MeasuredTask, ReportArmTask } from './report-measured.ts';
import { changesOf } from './report-changes.ts';
import { verdictOf } from './report-verdict.ts';
import {
  type Report,
  REPORT_SCHEMA_VERSION,
  type ReportDelivered,
  type ReportPerClass,
  type ReportResult,
  type ReportTask,
} from './report.ts';

/** One network of a run: what was measured of it, and the file that is delivered. */
export interface DeliveredResult {
  readonly label: string;
  readonly measured: MeasuredResult;
  readonly sha256: string;
  readonly bytes: number;
}

/** All that a report says beside its results, and these. */
export interface ReportParts extends Omit<Report, 'schemaVersion' | 'createdAt' | 'tasks' | 'split' | 'results'> {
  readonly tasks: readonly TaskSpec[];
  /** Of the partition. */
  readonly seed: number;
  /** One or more. */
  readonly results: readonly DeliveredResult[];
}

/** The document of one run. The same parts give the same document. */
export function reportOf({ tasks, seed, results, ...parts }: ReportParts): Report {
  const { kneepoint, run, command, model, dataset, preprocess, links } = parts;
  const { by, train, validation, test, given = null, shared } = results[0]!.measured.split;
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    kneepoint,
    createdAt: run.endedAt ?? run.createdAt,
    run,
    command,
    model,
    dataset,
    preprocess,
    tasks: tasks.map(describeTask),
    split: { by, seed, train, validation, test, given, shared },
    results: results.map((result) => resultOf(result, tasks)),
    links,
  };
}

function describeTask(spec: TaskSpec): ReportTask {
  const { name, type, targets, unit = null, bins = null } = spec;
  return { name, type, targets, classes: KINDS[type].classNames(spec) ?? null, unit, bins };
}

/** One network as a report shows it. */
export function resultOf(
  { label, measured: found, sha256, bytes }: DeliveredResult,
  specs: readonly Pick<TaskSpec, 'name' | 'unit'>[],
): ReportResult {
  const { measured, split: _split, arms, original, images, tasks, metric, ...rest } = found;
  const whole = arms.find(({ arm }) => arm === 'unpruned');
  const reference = whole ? 'unpruned' : 'probe';
  const before: Pick<MeasuredOriginal, 'tasks'> = whole ?? original;
  const named = (name: Arm) => arms.find(({ arm }) => arm === name);
  const trained = named('finetuned');
  const own = named('quantized') ?? trained ?? arms[0]!;
  const verdict = verdictOf({
    ...{ before: rest.before, after: rest.after, tasks, keep: rest.keep, target: rest.target },
    reference: { name: reference, tasks: before.tasks },
    delivered: own,
    units: Object.fromEntries(specs.map(({ name, unit = null }) => [name, unit])),
  });
  return {
    label,
    verdict,
    ...rest,
    metric,
    tasks,
    delivered: deliveredOf(own, trained ? 'logits' : 'regressed', { sha256, bytes }),
    original: { ...original, tasks: original.tasks.map(figuresOnly) },
    reference,
    arms: arms.map((arm) => ({ ...arm, tasks: arm.tasks.map(figuresOnly) })),
    perClass: own.tasks.map((task) =>
      perClass(
        before.tasks.find((one) => one.task === task.task)!,
        task,
        images,
      ),
    ),
    measured,
  };
}

function deliveredOf(
  { arm, tasks }: MeasuredResult['arms'][number],
  scores: ReportDelivered['scores'],
  file: Pick<ReportDelivered, 'sha256' | 'bytes'>,
): ReportDelivered {
  return {
    arm,
    ...file,
    scores,
    tasks: tasks.map(({ task, thresholds }) => ({ task, thresholds })),
  };
}

/** What a report says of a task in a network's figures. */
function figuresOnly({
  breakdown: _breakdown,
  draws: _draws,
  answers: _answers,
  ...task
}: MeasuredTask): ReportArmTask {
  return task;
}

/** Both are of the same test images. */
function perClass(
  { breakdown: before, answers: was }: MeasuredTask,
  { task, breakdown: after, answers: is }: MeasuredTask,
  images: MeasuredResult['images'],
): ReportPerClass {
  return {
    task,
    classes: after.classes.map(({ name, rows, precision, recall, f1 }, id) => ({
      name,
      images: rows,
      before: figuresOf(before.classes[id]!),
      after: { precision, recall, f1 },
    })),
    confusion: before.confusion && after.confusion ? { before: before.confusion, after: after.confusion } : null,
    residuals: after.residuals.map(({ from, to, rows, mean, spread }, bin) => {
      const own = before.residuals[bin]!;
      return { from, to, images: rows, before: { mean: own.mean, spread: own.spread }, after: { mean, spread } };
    }),
    changes: changesOf(
      was,
      is,
      after.classes.map(({ name }) => name),
      images,
    ),
  };
}

function figuresOf({
  precision,
  recall,
  f1,
}: Breakdown['classes'][number]): ReportPerClass['classes'][number]['before'] {
  return { precision, recall, f1 };
}
