import type { Database } from '../database/database.ts';
import type { Run, Step } from '../database/generated/client.ts';
import { runNotFound } from './run-not-found.ts';

/** What is asked of steps to tell how far a run is. */
export type StepProgress = Pick<
  Step,
  'name' | 'kind' | 'state' | 'done' | 'total' | 'unit' | 'ratePerSecond' | 'share' | 'message'
>;

export interface RunProgress {
  /** Share of the run's steps that is done, 0 to 1; one that was begun counts with its own share. It never falls. */
  readonly fraction: number;
  /** What the current kind of step has done, over all steps of that kind that count the same unit. */
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly ratePerSecond: number | null;
  /** Seconds left for the current kind of step. */
  readonly etaSeconds: number | null;
  /** Name of the step that runs, or would run next. */
  readonly step: string | null;
  /** What that step does, and in which state it is. */
  readonly kind: string | null;
  readonly state: string | null;
  /** What it says of itself. */
  readonly message: string | null;
}

/** `steps` in order of position. */
export function summarizeProgress(steps: readonly StepProgress[]): RunProgress {
  const fraction = steps.length === 0 ? 0 : sum(steps.map(share)) / steps.length;
  const current = ['RUNNING', 'QUEUED', 'WAITING']
    .map((state) => steps.find((step) => step.state === state))
    .find((step) => step !== undefined);
  if (current === undefined) {
    return {
      ...{ fraction, done: 0, total: null, unit: null, ratePerSecond: null, etaSeconds: null },
      ...{ step: null, kind: null, state: null, message: null },
    };
  }
  const alike = steps.filter(({ kind }) => kind === current.kind);
  const unit = current.unit ?? alike.find((step) => step.unit !== null)?.unit ?? null;
  // A step may count batches at first and images later: what is counted in another unit can't be added.
  const group = alike.filter((step) => step.unit === null || step.unit === unit);
  const totals = group.flatMap(({ total }) => (total === null ? [] : [total]));
  // Steps that have not started have not said how much they are; their siblings are the best guess.
  const typical = totals.length === 0 ? null : sum(totals) / totals.length;
  const total = typical === null ? null : sum(group.map((step) => step.total ?? typical));
  const done = sum(group.map((step) => (step.state === 'SUCCEEDED' ? (step.total ?? typical ?? 0) : step.done)));
  const rates = group.flatMap(({ state, ratePerSecond }) =>
    state === 'RUNNING' && ratePerSecond !== null ? [ratePerSecond] : [],
  );
  const ratePerSecond = rates.length === 0 ? null : sum(rates);
  return {
    fraction,
    done,
    total,
    unit,
    ratePerSecond,
    etaSeconds: total === null || ratePerSecond === null || ratePerSecond <= 0 ? null : (total - done) / ratePerSecond,
    ...{ step: current.name, kind: current.kind, state: current.state },
    message: current.state === 'RUNNING' ? current.message : null,
  };
}

/** What a step that was handed back has done counts as well: another worker goes on from its checkpoint, or comes to where it was. */
function share(step: StepProgress): number {
  return step.state === 'SUCCEEDED' ? 1 : step.share;
}

function sum(values: readonly number[]): number {
  return values.reduce((left, right) => left + right, 0);
}

export interface RunSummary {
  readonly run: Run;
  readonly steps: readonly Omit<Step, 'input'>[];
  readonly progress: RunProgress;
}

/** A run with its steps in order. Throws RUN_NOT_FOUND. */
export async function runSummary(db: Database, runId: string): Promise<RunSummary> {
  const found = await db.prisma.run.findUnique({
    where: { id: runId },
    include: { steps: { orderBy: { position: 'asc' }, omit: { input: true } } },
  });
  if (found === null) throw runNotFound(runId);
  const { steps, ...run } = found;
  return { run, steps, progress: summarizeProgress(steps) };
}
