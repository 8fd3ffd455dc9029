import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Preprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { download, LaunchFinetuneDocument, type TrainingFieldsFragment } from '@kneepoint/client/node';
import type { Command } from 'commander';
import type { Connection } from '../client/connect.ts';
import { writeBeside } from '../client/beside.ts';
import { launch } from '../client/launch.ts';
import { nameOfSource, registerDataset, registerModel } from '../client/register.ts';
import { followTrainings, trainingsOf } from '../client/trainings.ts';
import { note, print, printJson } from '../output.ts';
import { writeTextFile } from '../write-text-file.ts';
import { renderTraining } from '../render/training.ts';
import { readNumber } from './numbers.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';
import { readTraining, type TrainingOptions, withTrainingOptions } from './training-options.ts';

interface TrainOptions extends ServerOptions, TrainingOptions, DataFlags, RunDetailFlags {
  readonly data?: string;
  readonly faces?: string;
  readonly persons?: string;
  readonly tasks: string;
  readonly widths: string;
  readonly size: string;
  readonly out: string;
}

const DEFAULT_SEED = 1;
const PREPROCESS: Preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] };
const MOST_FILTERS = 4096;

/** A network of one's own, small and honest about where it comes from: what the demo starts with is made by this. */
export function registerTrain(program: Command): void {
  withTrainingOptions(withDataOptions(withRunDetails(withServerOptions(program.command('train')))))
    .description('train a small network from fresh weights on labelled images, or on synthetic faces')
    .option('--data <folder>', 'labelled images: one folder per class, labels.csv, or another layout of docs/data.md')
    .option('--faces <n>', 'render so many synthetic faces instead')
    .option('--persons <n>', 'of so many people (default: 32)')
    .requiredOption('--tasks <names>', 'what it shall read, separated by commas')
    .option('--widths <list>', 'filters of each convolution, "pool" halves the size', '16,pool,32,pool,64,pool,64')
    .option('--size <pixels>', 'width and height of its input', '64')
    .requiredOption('--out <file>', 'where to put the network; its preprocessing and a card come beside it')
    .action(async (options: TrainOptions) => {
      const training = readTraining(options);
      const details = readRunDetails(options);
      const { seed = DEFAULT_SEED } = training as { readonly seed?: number };
      const { size } = readNumber('size', '--size', options.size, { least: 8 });
      const widths = readWidths(options.widths, size!);
      requireOneSource(options);
      const stem = options.out.replace(/\.onnx$/i, '');
      const made = await withConnection(options, async (connection, signal) => {
        const scratch = await mkdtemp(join(tmpdir(), 'kneepoint-train-'));
        try {
          const dataset = await importData(connection, options, { scratch, seed, size: size! }, signal);
          const model = await importNetwork(
            connection,
            { scratch, widths, seed, size: size!, name: basename(stem) },
            signal,
          );
          const { client } = connection;
          const input = {
            model,
            dataset,
            tasks: options.tasks.split(','),
            mode: 'SCRATCH' as const,
            training: { ...training, seed },
            ...details,
          };
          const launched = await launch(client, LaunchFinetuneDocument, input);
          const run = await followTrainings(client, launched.run, `train ${basename(stem)}`, signal);
          if (run.reused) note('this was trained before; nothing had to be done');
          const [trained] = await trainingsOf(client, run.id);
          await download(client, trained!.model!, `${stem}.onnx`);
          return trained!;
        } finally {
          await rm(scratch, { recursive: true, force: true });
        }
      });
      const card = cardOf(made, { widths, size: size!, seed });
      const beside = await writeBeside(`${stem}.onnx`, { preprocess: PREPROCESS });
      await writeTextFile(`${stem}.json`, `${JSON.stringify(card, null, 2)}\n`);
      if (options.json) return printJson(card);
      print(renderTraining(made));
      print([`${stem}.onnx`, ...beside, `${stem}.json`].join('\n'));
    });
}

/** The id of the data set: a folder, or faces that are drawn here. */
async function importData(
  connection: Connection,
  options: TrainOptions,
  { scratch, seed, size }: { readonly scratch: string; readonly seed: number; readonly size: number },
  signal: AbortSignal,
): Promise<string> {
  const data = await readDataOptions(options);
  const folder = options.data ?? join(scratch, 'faces');
  if (options.data === undefined) {
    const { renderFaces } = await import('@kneepoint/datasets');
    const { count } = readNumber('count', '--faces', options.faces, { least: 1 });
    await renderFaces({
      folder,
      count: count!,
      seed,
      size,
      ...readNumber('persons', '--persons', options.persons),
      signal,
    });
  }
  const run = await registerDataset(
    connection,
    {
      source: folder,
      name: options.data === undefined ? `faces-${options.faces}` : nameOfSource(folder),
      ...data,
    },
    signal,
  );
  return run.dataset!.id;
}

/** The id of a network with fresh weights; the training gives it a head for the tasks. */
async function importNetwork(
  connection: Connection,
  {
    scratch,
    widths,
    seed,
    size,
    name,
  }: {
    readonly scratch: string;
    readonly widths: readonly (number | 'pool')[];
    readonly seed: number;
    readonly size: number;
    readonly name: string;
  },
  signal: AbortSignal,
): Promise<string> {
  const { encodeModel, vggStyle } = await import('@kneepoint/onnx');
  const file = join(scratch, 'fresh.onnx');
  await writeFile(file, encodeModel(vggStyle({ widths, size, seed, batchNorm: true })));
  const run = await registerModel(connection, { file, name, preprocess: PREPROCESS }, signal);
  return run.model!.id;
}

/** Everything that somebody needs to make the same file again, and what to expect of it. */
function cardOf(
  { tasks, model, results, epochs, bestEpoch, stoppedEarly, seconds, provider, notes }: TrainingFieldsFragment,
  network: { readonly widths: readonly (number | 'pool')[]; readonly size: number; readonly seed: number },
): object {
  const { sha256, bytes } = model!;
  return {
    ...{ command: ownCommand(), model: { sha256, bytes }, ...network, preprocess: PREPROCESS, tasks },
    ...{ results: results.map(({ thresholds: _inTheFile, ...result }) => result), bestEpoch, stoppedEarly },
    ...{ seconds, provider, notes, epochs },
  };
}

/** The command as it was typed, without what says where it ran and not what it makes. */
function ownCommand(): string {
  const words = process.argv.slice(2);
  const kept = words.filter((word, i) => {
    const place = ['--data-dir', '--url'];
    return word !== '--json' && !place.includes(word) && !place.includes(words[i - 1] ?? '');
  });
  return ['npx kneepoint', ...kept].join(' ');
}

/** "16,pool,32" as numbers and pools, small enough for the image. Throws TRAINING_OPTION_INVALID. */
function readWidths(text: string, size: number): readonly (number | 'pool')[] {
  const widths = text.split(',').map((word) => (word.trim() === 'pool' ? 'pool' : Number(word)));
  const isSound = widths.every(
    (width) => width === 'pool' || (Number.isInteger(width) && width >= 1 && width <= MOST_FILTERS),
  );
  const halvings = widths.filter((width) => width === 'pool').length;
  if (isSound && halvings < widths.length && size / 2 ** halvings >= 1) return widths;
  throw new Failure('TRAINING_OPTION_INVALID', `--widths is "${text}" for images of ${size} pixels`, {
    where: '--widths',
    fix: `Pass numbers from 1 to ${MOST_FILTERS} and "pool", each of which halves the size.`,
  });
}

function requireOneSource({ data, faces }: TrainOptions): void {
  if ((data === undefined) !== (faces === undefined)) return;
  throw new Failure('SOURCE_INVALID', 'exactly one of --data and --faces is needed', {
    where: '--data',
    fix: 'Name a folder of labelled images, or say how many faces to render.',
  });
}
