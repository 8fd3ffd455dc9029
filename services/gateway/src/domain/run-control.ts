import { Failure } from '@kneepoint/failures';
import { cancelRun, type StepPlan } from '@kneepoint/platform';
import type { Context } from '../context.ts';
import type { Run } from '../schema/run.ts';
import { launch } from './launches.ts';
import { requireRun, TERMINAL_STATES, toRun } from './runs.ts';

export async function cancel(context: Context, id: string): Promise<Run> {
  const run = await requireRun(context, id);
  return toRun(await cancelRun(context.db, context.bus, run.id));
}

/** A new run over the same steps: those whose results exist are found by their keys. */
export async function retry(context: Context, id: string): Promise<Run> {
  const run = await requireRun(context, id);
  if (!TERMINAL_STATES.includes(run.state) || run.state === 'SUCCEEDED') {
    throw new Failure('RUN_NOT_RETRYABLE', `run ${id} is ${run.state}`, {
      where: 'id',
      fix: 'Only a run that failed, timed out or was canceled can be launched again.',
    });
  }
  const rows = await context.db.prisma.step.findMany({
    where: { runId: run.id },
    orderBy: { position: 'asc' },
    include: { dependsOn: true },
  });
  const steps = rows.map((row): StepPlan => ({
    ref: row.id,
    kind: row.kind,
    service: row.service,
    name: row.name,
    key: row.key,
    input: row.input as object,
    dependsOn: row.dependsOn.map((edge) => edge.dependsOnId),
  }));
  const { kind, modelId, datasetId } = run;
  return launch(context, {
    kind,
    input: run.input as object,
    steps,
    ...(modelId ? { modelId } : {}),
    ...(datasetId ? { datasetId } : {}),
  });
}
