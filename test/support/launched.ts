import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, isRunTerminal, launchRun, type Run, type RunRequest } from '@kneepoint/platform';
import type { TaskSpec } from '@kneepoint/regression';
import { type DatasetReference, type ModelReference, planImportDataset, planImportModel } from '@kneepoint/workflow';
import type { Sample } from './kneepoint.ts';

/** Launches a run and waits until it has succeeded; there must be a dispatcher and workers. */
export async function succeeded(db: Database, request: RunRequest): Promise<Run> {
  const { id } = await launchRun(db, request);
  for (;;) {
    const run = await db.prisma.run.findUniqueOrThrow({ where: { id } });
    if (run.state === 'SUCCEEDED') return run;
    if (isRunTerminal(run.state)) throw new Error(`the run is ${run.state}: ${JSON.stringify(run.failure)}`);
    await sleep(50);
  }
}

export async function importModel(db: Database, path: string): Promise<ModelReference> {
  const steps = planImportModel({ name: 'small', source: { path } });
  const { modelId } = await succeeded(db, { kind: 'IMPORT_MODEL', input: {}, steps });
  const row = await db.prisma.model.findUniqueOrThrow({ where: { id: modelId! } });
  return row as unknown as ModelReference;
}

export async function importDataset(db: Database, { faces }: Pick<Sample, 'faces'>): Promise<DatasetReference> {
  const steps = planImportDataset({ name: 'faces', source: { path: faces } });
  const { datasetId } = await succeeded(db, { kind: 'IMPORT_DATASET', input: {}, steps });
  const row = await db.prisma.dataset.findUniqueOrThrow({ where: { id: datasetId! } });
  return { ...row, tasks: row.tasks as unknown as readonly TaskSpec[] };
}
