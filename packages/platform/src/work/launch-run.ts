import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';
import { isDuplicate } from '../database/database-failure.ts';
import type { Run } from '../database/generated/client.ts';
import type { Transaction } from '../database/client.ts';
import { recordRunEvent } from '../events/run-events.ts';
import { inSpan, traceHeaders } from '../tracing/spans.ts';
import { canonicalJson } from './canonical-json.ts';
import { observeEnd } from './observe-end.ts';
import { checkPlan, type StepPlan } from './plan.ts';
import { settleRun } from './settle-run.ts';
import { isRunTerminal, RUN_STATES } from './states.ts';
import { cleanText, storedJson } from './stored-json.ts';

export interface RunRequest {
  readonly kind: string;
  /** What the person asked for, as it was asked. */
  readonly input: object;
  readonly modelId?: string;
  readonly datasetId?: string;
  /** Name of who asked. */
  readonly createdBy?: string;
  /** What people call it. */
  readonly name?: string | null;
  /** `key=value`, in the order of the keys. */
  readonly labels?: readonly string[];
  /** Whatever who asked wants to find again. */
  readonly metadata?: object | null;
  /** Names of the tasks that it is about. */
  readonly tasks?: readonly string[];
  /** Repeating a request with the same key gives the run that it started; each project has keys of its own. */
  readonly idempotencyKey?: string;
  /** How many runs of the project may be open with this one. Default: any number. */
  readonly mostOpen?: number;
  readonly steps: readonly StepPlan[];
}

/**
 * Writes a run, its steps and the messages of those that can start, in one transaction, into the project that the database is bound
 * to. Steps whose result exists are done at once, so the run may come back as SUCCEEDED with `reused`.
 * Throws PLAN_INVALID, JSON_INVALID, IDEMPOTENCY_KEY_REUSED, RUNS_TOO_MANY.
 */
export async function launchRun(db: Database, request: RunRequest): Promise<Run> {
  checkPlan(request.steps);
  const earlier = await findEarlier(db, request);
  if (earlier !== undefined) return earlier;
  try {
    const run = await inSpan(`launch ${request.kind}`, {}, () =>
      db.transaction(async (tx) => {
        if (request.mostOpen !== undefined) await requireRoom(tx, db, request.mostOpen);
        return write(tx, request);
      }),
    );
    if (run.endedAt !== null) observeEnd(run, run.endedAt);
    db.wakeOutbox();
    return run;
  } catch (error) {
    const winner = isDuplicate(error) ? await findEarlier(db, request) : undefined;
    if (winner === undefined) throw error;
    return winner;
  }
}

async function findEarlier(db: Database, { idempotencyKey, kind, input }: RunRequest): Promise<Run | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const run = await db.prisma.run.findFirst({ where: { idempotencyKey } });
  if (run === null) return undefined;
  if (run.kind === kind && canonicalJson(run.input) === canonicalJson(storedJson(input))) return run;
  throw new Failure('IDEMPOTENCY_KEY_REUSED', `"${idempotencyKey}" belongs to another ${run.kind} request`, {
    where: 'idempotencyKey',
    fix: 'send a new key with a new request',
  });
}

/** Before anything is written; launches of a project come one after the other, so that of two the second finds the first. */
async function requireRoom(tx: Transaction, { projectId = '' }: Database, most: number): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`launch ${projectId}`}, 0))`;
  const open = await tx.run.count({ where: { state: { in: OPEN } } });
  if (open < most) return;
  throw new Failure('RUNS_TOO_MANY', `the project has ${open} runs that have not ended`, {
    fix: `Wait until some have ended, or cancel some: ${most} may be open at a time.`,
  });
}

const OPEN = RUN_STATES.filter((state) => !isRunTerminal(state));

async function write(tx: Transaction, request: RunRequest): Promise<Run> {
  const [clock] = await tx.$queryRaw<[{ now: Date }]>`SELECT clock_timestamp() AS now`;
  const created = await tx.run.create({
    omit: { input: true },
    data: {
      kind: request.kind,
      input: storedJson(request.input),
      // settleRun raises it to 1.
      seq: 0,
      idempotencyKey: request.idempotencyKey ?? null,
      createdBy: request.createdBy ?? null,
      name: request.name ?? null,
      labels: [...(request.labels ?? [])],
      ...(request.metadata ? { metadata: storedJson(request.metadata) } : {}),
      tasks: (request.tasks ?? []).map(cleanText),
      modelId: request.modelId ?? null,
      datasetId: request.datasetId ?? null,
      trace: traceHeaders().traceparent ?? null,
      createdAt: clock.now,
    },
  });
  const { id, projectId, seq } = created;
  await recordRunEvent(tx, created, clock.now);
  await writeSteps(tx, { id, projectId }, request.steps, clock.now);
  await settleRun(tx, { id, projectId, seq, now: clock.now });
  return tx.run.findUniqueOrThrow({ where: { id } });
}

async function writeSteps(
  tx: Transaction,
  run: Pick<Run, 'id' | 'projectId'>,
  steps: readonly StepPlan[],
  now: Date,
): Promise<void> {
  const rows = await tx.step.createManyAndReturn({
    data: steps.map((step, position) => ({
      runId: run.id,
      projectId: run.projectId,
      kind: step.kind,
      service: step.service,
      name: cleanText(step.name),
      position,
      key: step.key,
      input: storedJson(step.input),
      createdAt: now,
      timeoutSeconds: step.timeoutSeconds ?? null,
      ...(step.maxAttempts === undefined ? {} : { maxAttempts: step.maxAttempts }),
    })),
    select: { id: true, position: true },
  });
  const ids = new Map(rows.map(({ id, position }) => [steps[position]!.ref, id]));
  await tx.stepDependency.createMany({
    data: steps.flatMap(({ ref, dependsOn }) =>
      [...new Set(dependsOn)].map((other) => ({ stepId: ids.get(ref)!, dependsOnId: ids.get(other)! })),
    ),
  });
}
