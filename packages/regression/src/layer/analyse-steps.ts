import { Failure } from '@kneepoint/failures';
import { buildCurve } from '../curve/build-curve.ts';
import type { CharacteristicCurve } from '../curve/characteristic-curve.ts';
import type { ErrorRows } from '../curve/sample-error.ts';
import type { GivenParts } from '../given-split.ts';
import { type Cell, cellOf, type ProbeTrial } from '../probe/cell.ts';
import { probeTrial, probeTrialByRows } from '../probe/probe-trial.ts';
import { TEST, TRAIN, VALIDATION } from '../split.ts';
import { centre, scalingOf, selectTargets } from '../statistics/centre.ts';
import { countFilters } from '../task/labels.ts';
import { type AnalysedTask, familiesOf, type FamilyMember, splitFamily, type TaskFamily } from './family.ts';
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
  const total =
    families.length * (1 + (request.probes ? request.trials.length : 0)) + (request.curves ? request.tasks.length : 0);
  let done = 0;
  const cells: Cell[] = [];
  const curves: CharacteristicCurve[] = [];
  for (const family of families) {
    const splits = request.trials.map((trial) =>
      splitFamily(family, prepared.rows, request.seed, trial, request.given),
    );
    // Without curves nothing else asks for the Gram matrices of the filters.
    const byRows = !request.curves && splits.every((split) => prepared.filters > trainingRows(family, split));
    const moments = byRows ? [] : yield* summed(prepared, family, splits, { done, total });
    yield { stage: 'statistics', done: ++done, total };
    if (request.probes) {
      const fits: ProbeTrial[][] = [];
      for (const [i, split] of splits.entries()) {
        const fitted = byRows
          ? probeTrialByRows(request.responses, family, split)
          : probeTrial(request.responses, family, split, moments[i] as TrialMoments);
        fits.push(fitted.map(withoutWeights));
        yield { stage: 'probe', done: ++done, total };
      }
      family.members.forEach(({ task, index }, member) => {
        const own = fits.map((fit) => fit[member] as ProbeTrial);
        cells[index] = cellOf(task.spec, prepared.filters, own, prepared.rows - family.rows.length);
      });
    }
    if (request.curves) {
      for (const member of family.members) {
        curves[member.index] = curveOf(prepared, family, member, splits[0] as Uint8Array, moments[0] as TrialMoments);
        yield { stage: 'curve', done: ++done, total };
      }
    }
  }
  return { cells, curves };
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
  const { validation, heldOut, test, chance, others, thresholds, lambda, n } = fit;
  return { validation, heldOut, test, chance, others, thresholds, lambda, n };
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
  moments: TrialMoments,
): CharacteristicCurve {
  const scaling = scalingOf(moments.train, { validation: moments.validation });
  const rowsOf = (part: number): ErrorRows => ({
    responses: request.responses,
    labels: family.labels,
    stride: family.targets,
    from,
    rows: family.rows.filter((row) => split[row] === part),
    scaling,
  });
  const [trainRows, validationRows] = [rowsOf(TRAIN), rowsOf(VALIDATION)];
  return buildCurve({
    spec: task.spec,
    train: selectTargets(centre(moments.train, scaling), from, count),
    validation: selectTargets(centre(moments.validation, scaling), from, count),
    trainRows,
    validationRows,
    trial: request.trials[0] ?? 0,
    n: { train: trainRows.rows.length, validation: validationRows.rows.length, test: rowsOf(TEST).rows.length },
    lambdas: request.lambdas,
  });
}
