import { Failure } from '@kneepoint/failures';
import { buildCurve, type CurvePart } from '../curve/build-curve.ts';
import type { CharacteristicCurve } from '../curve/characteristic-curve.ts';
import type { ErrorRows } from '../curve/sample-error.ts';
import type { GivenParts } from '../given-split.ts';
import { type Cell, cellOf, type ProbeTrial } from '../probe/cell.ts';
import { type FamilyFit, type FittedTrial, fitTrial, fitTrialByRows, judgeTrial } from '../probe/probe-trial.ts';
import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { centre, scalingOf, selectTargets } from '../statistics/centre.ts';
import type { Moments } from '../statistics/moments.ts';
import { countFilters } from '../task/labels.ts';
import { transferabilityOf } from '../transferability/transferability.ts';
import {
  type AnalysedTask,
  familiesOf,
  type FamilyMember,
  fittedApart,
  splitFamily,
  type TaskFamily,
} from './family.ts';
import { trialMoments, type TrialMoments } from './trial-moments.ts';

export interface Progress {
  readonly stage: 'statistics' | 'probe' | 'curve';
  /** Steps finished, of `total`. */
  readonly done: number;
  readonly total: number;
}

export interface AnalysisSteps {
  /** N × filters. */
  readonly responses: Float32Array;
  readonly tasks: readonly AnalysedTask[];
  readonly groups?: Int32Array | undefined;
  /** The data set's own split, by row. */
  readonly given?: GivenParts | undefined;
  readonly seed: number;
  /** Numbers of the trials; curves come from the first. */
  readonly trials: readonly number[];
  readonly probes: boolean;
  readonly curves: boolean;
  /** Intervals, LogME and H-score of cells. */
  readonly diagnostics: boolean;
  readonly lambdas: number;
}

export interface LayerAnalysis {
  /** In the order of the tasks. */
  readonly cells: readonly Cell[];
  readonly curves: readonly CharacteristicCurve[];
}

interface Prepared {
  readonly request: AnalysisSteps;
  readonly filters: number;
  readonly rows: number;
}

/** The whole analysis of a layer in steps of at most seconds, so that its driver can report, wait and stop between them. */
export function* analyseSteps(request: AnalysisSteps): Generator<Progress, LayerAnalysis> {
  const prepared = prepare(request);
  const families = familiesOf(request.tasks, prepared.rows, request.groups);
  const units = families.reduce((sum, family) => sum + fittedApart(family).length, 0);
  const total =
    units * (1 + (request.probes ? request.trials.length : 0)) + (request.curves ? request.tasks.length : 0);
  let done = 0;
  const cells: Cell[] = [];
  const curves: CharacteristicCurve[] = [];
  for (const family of families) {
    const splits = request.trials.map((trial) =>
      splitFamily(family, prepared.rows, request.seed, trial, request.given),
    );
    const parts = fittedApart(family);
    checkSize(parts.length, prepared.filters);
    const fits: FamilyFit[][] = splits.map(() => []);
    // Of the first trial, which the curves come from.
    const sums: TrialMoments[] = [];
    let train: Moments | undefined;
    for (const part of parts) {
      // Without curves nothing else asks for the Gram matrices of the filters.
      const byRows = !request.curves && splits.every((split) => prepared.filters > trainingRows(part, split));
      const moments = byRows ? [] : yield* summed(prepared, part, splits, { done, total });
      yield { stage: 'statistics', done: ++done, total };
      if (request.probes) {
        for (const [i, split] of splits.entries()) {
          const fit = byRows
            ? fitTrialByRows(request.responses, part, split)
            : fitTrial(request.responses, part, split, moments[i] as TrialMoments);
          fits[i]!.push(fit);
          yield { stage: 'probe', done: ++done, total };
        }
      }
      if (request.curves) sums.push(moments[0] as TrialMoments);
      if (request.diagnostics && parts.length === 1) train = moments[0]?.train;
    }
    if (request.probes) {
      const trials = splits.map((split, i) => judgeTrial(request.responses, family, split, fits[i]!));
      const foreseen = transferabilityOf(family.members, train);
      family.members.forEach(({ task, index }, member) => {
        const own = trials.map((trial) => trial[member] as FittedTrial);
        cells[index] = cellOf(task.spec, prepared.filters, own.map(withoutWeights), {
          ...foreseen[member]!,
          interval: request.diagnostics ? own[0]!.interval() : null,
          missing: prepared.rows - family.rows.length,
        });
      });
    }
    if (request.curves) {
      for (const member of family.members) {
        curves[member.index] = curveOf(prepared, family, member, splits[0] as Uint8Array, sums);
        yield { stage: 'curve', done: ++done, total };
      }
    }
  }
  return { cells, curves };
}

/** Gram matrices of labels that are known on rows of their own: half a gigabyte for each part of the split. */
const MOST_NUMBERS = 2 ** 26;

function checkSize(parts: number, filters: number): void {
  if (parts === 1 || parts * filters ** 2 <= MOST_NUMBERS) return;
  throw new Failure(
    'REGRESSION_TOO_LARGE',
    `${parts} labels that are known on different images, and ${filters} filters: too many to be chosen for together`,
    { fix: 'a binary task for each label, or images that carry all labels' },
  );
}

function* summed(
  { request, filters }: Prepared,
  family: TaskFamily,
  splits: readonly Uint8Array[],
  progress: Pick<Progress, 'done' | 'total'>,
): Generator<Progress, readonly TrialMoments[]> {
  const summing = trialMoments(request.responses, filters, family, splits);
  for (;;) {
    const step = summing.next();
    if (step.done === true) return step.value;
    yield { stage: 'statistics', ...progress };
  }
}

function trainingRows({ rows }: TaskFamily, split: Uint8Array): number {
  return rows.reduce((count, row) => count + (split[row] === TRAIN ? 1 : 0), 0);
}

function withoutWeights(fit: ProbeTrial): ProbeTrial {
  const { validation, heldOut, test, chance, others, thresholds, r2, lambda, n } = fit;
  return { validation, heldOut, test, chance, others, thresholds, r2, lambda, n };
}

function prepare(request: AnalysisSteps): Prepared {
  const { tasks, trials, lambdas, responses } = request;
  const [first] = tasks;
  if (first === undefined) refuse('no task was given', 'tasks', 'at least one task');
  if (trials.length === 0) refuse('no trial was asked for', 'trials', 'at least one trial');
  if (!Number.isInteger(lambdas) || lambdas < 2 || lambdas > 10_000) {
    refuse(`a path of ${lambdas} samples`, 'lambdas', 'a whole number from 2 to 10 000');
  }
  const rows = Math.floor(first.labels.length / first.spec.targets.length);
  if (rows === 0)
    throw new Failure('REGRESSION_TOO_FEW_ROWS', 'there are no rows', { fix: 'at least 3 labelled rows' });
  return { request, rows, filters: countFilters(responses, rows) };
}

function refuse(message: string, where: string, fix: string): never {
  throw new Failure('REGRESSION_SETTING_INVALID', message, { where, fix });
}

function curveOf(
  { request }: Prepared,
  family: TaskFamily,
  { task, from, count }: FamilyMember,
  split: Uint8Array,
  sums: readonly TrialMoments[],
): CharacteristicCurve {
  const parts = fittedApart(family).flatMap((part, i): readonly CurvePart[] => {
    const { train, validation } = sums[i] as TrialMoments;
    if (train.n === 0 || validation.n === 0) return [];
    const scaling = scalingOf(train, { validation });
    const rowsOf = (wanted: number, first: number): ErrorRows => ({
      responses: request.responses,
      labels: part.labels,
      stride: part.targets,
      from: first,
      rows: part.rows.filter((row) => split[row] === wanted),
      scaling,
    });
    const [centred, unseen] = [centre(train, scaling), centre(validation, scaling)];
    const columns = part === family ? [{ from, count }] : part.members;
    return columns.map((column) => ({
      train: selectTargets(centred, column.from, column.count),
      validation: selectTargets(unseen, column.from, column.count),
      trainRows: rowsOf(TRAIN, column.from),
      validationRows: rowsOf(VALIDATION, column.from),
    }));
  });
  if (parts.length === 0) {
    const message = `no label of "${task.spec.name}" is known on training rows and on validation rows`;
    throw new Failure('REGRESSION_TOO_FEW_ROWS', message, { where: task.spec.name, fix: 'more labelled rows' });
  }
  const rowsIn = (wanted: number): number => family.rows.filter((row) => split[row] === wanted).length;
  return buildCurve({
    spec: task.spec,
    parts,
    trial: request.trials[0] ?? 0,
    n: { train: rowsIn(TRAIN), validation: rowsIn(VALIDATION), test: rowsIn(TEST) },
    lambdas: request.lambdas,
  });
}
