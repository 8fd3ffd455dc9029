import { basename } from 'node:path';
import { Failure } from '@kneepoint/failures';
import type { DataRequest } from '../commands/data-options.ts';
import { nameOfSource, registerDataset, registerModel } from '../client/register.ts';
import { detailsOf, type Lab, type Subject, type Subjects } from './lab.ts';
import { findDatasetRow, findModelRow } from './lookup.ts';
import type { Stage } from './stages.ts';

/** A user's data, how they are read, what is asked of them. */
export interface OwnData {
  readonly data: string;
  readonly reading: DataRequest;
  readonly models: readonly OwnModel[];
  /** All of the data when absent. */
  readonly tasks: readonly string[] | undefined;
}

/** A user's network: a file, and what it was trained for where that is a task of the data. */
export interface OwnModel {
  readonly file: string;
  readonly task: string | null;
}

export function ownStages(): readonly Stage[] {
  return [{ name: 'import data and networks', seconds: 15 }];
}

/** A user's own networks and labelled images. */
export function ownSubjects(lab: Lab, { data, reading, models, tasks: wanted }: OwnData): Promise<Subjects> {
  const { connection, stages, signal } = lab;
  return stages.run('import data and networks', async () => {
    const run = detailsOf(lab);
    const source = { source: data, name: nameOfSource(data), ...reading, run };
    const imported = await registerDataset(connection, source, signal);
    const { id, images, tasks: all } = await findDatasetRow(connection.client, imported.dataset!.id);
    const tasks = requireTasks(all, wanted);
    const networks: Subject[] = [];
    for (const { file, task } of models) {
      const name = basename(file).replace(/\.onnx$/i, '');
      const registered = await registerModel(
        connection,
        { file, name, run, ...(task === null ? {} : { primaryTask: task }) },
        signal,
      );
      const row = await findModelRow(connection.client, registered.model!.id, name);
      const { parameters, macs, taps } = row;
      networks.push({
        ...{ model: row.id, file, layers: taps.map(({ layer }) => layer) },
        figures: { name, task, parameters, macs, own: null },
      });
    }
    return { networks, light: null, wide: null, dataset: id, folder: data, images, tasks, data: nameOfSource(data) };
  });
}

/** Throws TASK_UNKNOWN. */
function requireTasks<Task extends { readonly name: string }>(
  all: readonly Task[],
  wanted: readonly string[] | undefined,
): readonly Task[] {
  const unknown = wanted?.find((name) => !all.some((task) => task.name === name));
  if (unknown === undefined) return wanted === undefined ? all : all.filter(({ name }) => wanted.includes(name));
  throw new Failure('TASK_UNKNOWN', `the data have no task "${unknown}"`, {
    where: '--tasks',
    fix: `There are: ${all.map(({ name }) => name).join(', ')}.`,
  });
}
