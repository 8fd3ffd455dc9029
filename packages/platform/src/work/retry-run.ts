import { Failure } from '@kneepoint/failures';
import type { Database } from '../database/database.ts';
import type { Run } from '../database/generated/client.ts';
import { launchRun, type RunRequest } from './launch-run.ts';
import { runNotFound } from './run-not-found.ts';
import { isRunTerminal } from './states.ts';

/**
 * Launches the steps of a run that did not succeed once more, as a new run; what succeeded is found by its key.
 * Throws RUN_NOT_FOUND, RUN_NOT_RETRYABLE, IDEMPOTENCY_KEY_REUSED, RUNS_TOO_MANY.
 */
export async function retryRun(
  db: Database,
  runId: string,
  { idempotencyKey, createdBy, mostOpen }: Pick<RunRequest, 'idempotencyKey' | 'createdBy' | 'mostOpen'> = {},
): Promise<Run> {
  const run = await db.prisma.run.findUnique({
    where: { id: runId },
    include: { steps: { orderBy: { position: 'asc' }, include: { dependencies: true } } },
  });
  if (run === null) throw runNotFound(runId);
  if (!isRunTerminal(run.state) || run.state === 'SUCCEEDED') {
    throw new Failure('RUN_NOT_RETRYABLE', `run ${runId} is ${run.state}`, {
      where: runId,
      fix: 'retry a run that is FAILED, CANCELED or TIMED_OUT',
    });
  }
  return launchRun(db, {
    kind: run.kind,
    input: run.input as object,
    ...{ name: run.name, labels: run.labels, metadata: run.metadata as object | null, tasks: run.tasks },
    ...(run.modelId === null ? {} : { modelId: run.modelId }),
    ...(run.datasetId === null ? {} : { datasetId: run.datasetId }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(mostOpen === undefined ? {} : { mostOpen }),
    steps: run.steps.map((step) => ({
      ref: step.id,
      kind: step.kind,
      service: step.service,
      name: step.name,
      key: step.key,
      input: step.input as object,
      dependsOn: step.dependencies.map(({ dependsOnId }) => dependsOnId),
      maxAttempts: step.maxAttempts,
      ...(step.timeoutSeconds === null ? {} : { timeoutSeconds: step.timeoutSeconds }),
    })),
  });
}
