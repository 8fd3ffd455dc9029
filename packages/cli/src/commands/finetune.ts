import { join } from 'node:path';
import {
  download,
  type KneepointClient,
  LaunchFinetuneDocument,
  type TrainingFieldsFragment,
  type TrainingMode,
} from '@kneepoint/client/node';
import type { Command } from 'commander';
import { writeBeside } from '../client/beside.ts';
import { launch } from '../client/launch.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { followTrainings, trainingsOf } from '../client/trainings.ts';
import { note, print, printJson } from '../output.ts';
import { writeTextFile } from '../write-text-file.ts';
import { renderTraining } from '../render/training.ts';
import { oneOf } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';
import { readTraining, type TrainingOptions, withTrainingOptions } from './training-options.ts';

interface FinetuneOptions extends ServerOptions, TrainingOptions, RunDetailFlags {
  readonly mode: string;
  readonly layer?: string;
  readonly keepHead?: boolean;
  readonly teacher?: string;
  readonly out?: string;
}

const MODES = ['whole', 'head', 'scratch'] as const;
const SHA256 = /^[0-9a-f]{64}$/;

export function registerFinetune(program: Command): void {
  withTrainingOptions(withRunDetails(withServerOptions(program.command('finetune <model> <dataset> <task>'))))
    .description(
      'train a network for a task, or several separated by commas; a model by its name, or the SHA-256 of a network that was pruned or trained here',
    )
    .option('--mode <mode>', 'whole network, head only, or from scratch', 'whole')
    .option('--layer <name>', 'the layer that a fresh head reads (default: the last)')
    .option('--keep-head', 'the model ends in a linear head for these tasks, which stays')
    .option('--teacher <sha256>', 'learn from the answers of this network, too')
    .option('--out <folder>', 'where to put the network and what is known of it')
    .action(async (model: string, dataset: string, task: string, options: FinetuneOptions) => {
      const mode = oneOf('--mode', options.mode, MODES);
      const training = readTraining(options);
      const details = readRunDetails(options);
      const made = await withConnection(options, async ({ client }, signal) => {
        const input = {
          ...(SHA256.test(model) ? { artifact: model } : { model: await findModel(client, model) }),
          dataset: await findDataset(client, dataset),
          tasks: task.split(','),
          mode: mode.toUpperCase() as TrainingMode,
          training,
          ...details,
          ...(options.layer ? { layer: options.layer } : {}),
          ...(options.keepHead ? { keepHead: true } : {}),
          ...(options.teacher ? { distill: { artifact: options.teacher } } : {}),
        };
        const launched = await launch(client, LaunchFinetuneDocument, input);
        const run = await followTrainings(client, launched.run, `finetune ${model}`, signal);
        if (run.reused) note('this was trained before; nothing had to be done');
        const [trained] = await trainingsOf(client, run.id);
        const stem = `${SHA256.test(model) ? model.slice(0, 8) : model}-${task.replaceAll(',', '-')}-${mode}`;
        return {
          trained: trained!,
          files: options.out ? await saveTraining(client, trained!, join(options.out, stem)) : [],
        };
      });
      if (options.json) return printJson(withoutAddress(made.trained));
      print(renderTraining(made.trained));
      print(
        made.files.length > 0
          ? made.files.join('\n')
          : `kneepoint get ${made.trained.model!.sha256} --out trained.onnx`,
      );
    });
}

/** The network as PATH.onnx with what lies beside it, and what is known of it as PATH.json; all whole or absent. */
export async function saveTraining(
  client: KneepointClient,
  trained: TrainingFieldsFragment,
  path: string,
): Promise<readonly string[]> {
  await download(client, trained.model!, `${path}.onnx`);
  await writeTextFile(`${path}.json`, `${JSON.stringify(withoutAddress(trained), null, 2)}\n`);
  return [`${path}.onnx`, ...(await writeBeside(`${path}.onnx`)), `${path}.json`];
}

/** An address is good for minutes; what is kept says the digest. */
export function withoutAddress(trained: TrainingFieldsFragment): object {
  const { model, etaSeconds: _eta, ...rest } = trained;
  return { ...rest, model: model && { sha256: model.sha256, bytes: model.bytes } };
}
