import {
  type KneepointClient,
  nodesOf,
  RUN_WITH_TRAININGS,
  type RunFieldsFragment,
  type TrainingFieldsFragment,
  TrainingsDocument,
} from '@kneepoint/client';
import { EpochLines } from '../render/epochs.ts';
import { type FollowOptions, followView, NOTHING } from './runs.ts';

/** Shows a run's progress, and a line for each epoch of its trainings as it ends, until the run has succeeded. */
export function followTrainings(
  client: KneepointClient,
  run: RunFieldsFragment,
  title: string,
  signal: AbortSignal,
  options: FollowOptions = {},
): Promise<RunFieldsFragment> {
  const lines = new EpochLines();
  return followView(client, run, title, signal, {
    ...options,
    view: RUN_WITH_TRAININGS,
    onState: ({ trainings }, bar) => lines.of(nodesOf(trainings)).forEach((line) => bar.line(line)),
  });
}

export function trainingsOf(client: KneepointClient, id: string): Promise<readonly TrainingFieldsFragment[]> {
  return client.list(TrainingsDocument, { id }, ({ run }) => run?.trainings ?? NOTHING);
}
