import { LaunchFinetuneDocument, type TrainingFieldsFragment, type TrainingInput } from '@kneepoint/client';
import { SEED } from '@kneepoint/reproduction';
import { launch } from '../client/launch.ts';
import { followTrainings, trainingsOf } from '../client/trainings.ts';
import { detailsOf, type Lab, type Subject } from './lab.ts';

interface Wanted {
  /** A network under study, or what was made of it. */
  readonly from: Pick<Subject, 'model' | 'figures'> & { readonly artifact?: string };
  readonly task: string;
  readonly mode: 'HEAD' | 'WHOLE';
  /** The layer that a new head reads; the last one when absent. */
  readonly layer?: string;
  /** A head is cheap: where nothing is said it gets the epochs that it takes by default. */
  readonly training?: TrainingInput;
}

/** Trains a network, or a new head on it, for one task of the satellites' data. */
export async function finetune(
  lab: Lab,
  dataset: string,
  { from: { model, artifact, figures }, task, mode, layer, training }: Wanted,
): Promise<TrainingFieldsFragment> {
  const { connection, signal } = lab;
  const { client } = connection;
  const input = {
    ...(artifact === undefined ? { model } : { artifact }),
    ...(layer === undefined ? {} : { layer }),
    ...{ dataset, tasks: [task], mode, training: { seed: SEED, ...training }, run: detailsOf(lab) },
  };
  const { run } = await launch(client, LaunchFinetuneDocument, input);
  const done = await followTrainings(client, run, `train ${figures.name} for ${task}`, signal);
  const [trained] = await trainingsOf(client, done.id);
  return trained!;
}
