import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { type Profile, PROFILES } from '@kneepoint/reproduction';
import type { Command } from 'commander';
import { nameOfSource } from '../client/register.ts';
import { print, printJson } from '../output.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import { readNumber } from './numbers.ts';
import { type ServerOptions, withConnection, withServerOptions } from './options.ts';
import { readRunDetails, type RunDetailFlags, withRunDetails } from './run-details.ts';

interface ReproduceOptions extends ServerOptions, DataFlags, RunDetailFlags {
  readonly quick?: boolean;
  readonly faces?: string;
  readonly tasks?: string;
  readonly data?: string;
  readonly model: readonly string[];
  readonly out?: string;
  readonly page?: string;
}

/** Where everything is kept, unless told otherwise. */
const FOLDER = '.kneepoint/reproduction';

/** All figures and tables of the paper on faces that are drawn for it, or on a user's own data. Run again it goes on from what was finished. */
export function registerReproduce(program: Command): void {
  withRunDetails(withDataOptions(withServerOptions(program.command('reproduce'))))
    .description("the paper's figures and tables: on drawn faces and networks trained for it, or on your own")
    .option('--quick', 'a share of it, in minutes: few faces, small networks, short trainings')
    .option('--faces <n>', 'draw so many faces instead of what the profile says; a quarter is kept for satellite tasks')
    .option('--tasks <names>', 'only these, separated by commas: primary tasks of drawn faces, tasks of your own data')
    .option('--data <source>', 'your own labelled images instead of drawn faces')
    .option(
      '--model <file>',
      'a network of your own; FILE=TASK says what it was trained for; may be repeated',
      (file: string, all: readonly string[]) => [...all, file],
      [] as readonly string[],
    )
    .option('--out <folder>', `where results, figures and the page are put (default: ${FOLDER})`)
    .option('--page <file>', 'write the page there too, its figures in a folder of its name beside it')
    .action(reproduce);
}

async function reproduce(options: ReproduceOptions): Promise<void> {
  const { data, model, quick = false } = options;
  if ((data === undefined) !== (model.length === 0)) {
    throw new Failure('SOURCE_INVALID', 'your own data need a network, and a network of your own needs data', {
      where: data === undefined ? '--data' : '--model',
      fix: 'Pass --data FOLDER and --model FILE together, or neither.',
    });
  }
  const profile = withOptions(PROFILES[quick ? 'quick' : 'full'], options);
  const folder = options.out ?? (quick && data === undefined ? join(FOLDER, 'quick') : FOLDER);
  await mkdir(folder, { recursive: true });
  const { runReproduction } = await import('../reproduce/run.ts');
  const own =
    data === undefined
      ? undefined
      : { data, reading: await readDataOptions(options), models: model.map(readModel), tasks: namesOf(options.tasks) };
  const dataDir = options.dataDir ?? join(folder, 'work');
  const { labels } = readRunDetails(options).run ?? {};
  const name = options.name ?? (data === undefined ? profile.name : nameOfSource(data));
  const said = { name, labels: labels ?? [] };
  const { files, summary, results, address } = await withConnection(
    { ...options, dataDir },
    async (connection, signal) => {
      const request = { ...said, connection, signal, folder, page: options.page, profile, own };
      const made = await runReproduction(request);
      const place = `#/reproduction?run=${encodeURIComponent(made.runId)}`;
      // The server of a data folder may end with this command.
      const address = connection.local
        ? `${place} of what \`kneepoint up --data-dir ${dataDir}\` serves`
        : `${connection.client.url}/${place}`;
      return { ...made, address };
    },
  );
  if (options.json) return printJson(results);
  print(`${summary}\n\n${files.join('\n')}\n\nthe page: ${address}`);
}

/** Throws TRAINING_OPTION_INVALID. */
function withOptions(profile: Profile, options: ReproduceOptions): Profile {
  const { faces } = readNumber('faces', '--faces', options.faces, { least: 160 });
  const sized = faces === undefined ? profile : { ...profile, faces, smaller: Math.round(faces / 4) };
  const names = options.data === undefined ? namesOf(options.tasks) : undefined;
  if (names === undefined) return sized;
  const unknown = names.find((name) => !profile.primaries.includes(name));
  if (unknown !== undefined) {
    throw new Failure('TASK_UNKNOWN', `no network is trained for "${unknown}"`, {
      where: '--tasks',
      fix: `There are: ${profile.primaries.join(', ')}.`,
    });
  }
  const only = (tasks: readonly string[]): readonly string[] => tasks.filter((task) => names.includes(task));
  return { ...sized, primaries: names, small: only(sized.small), ranked: only(sized.ranked) };
}

function namesOf(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((name) => name.trim());
}

/** FILE or FILE=TASK. Folders of experiments are often called after settings, such as `lr=0.1/net.onnx`: that is no task. */
export function readModel(text: string): { readonly file: string; readonly task: string | null } {
  const at = text.lastIndexOf('=');
  const task = text.slice(at + 1);
  if (at < 0 || /[\\/]|\.onnx$/i.test(task)) return { file: text, task: null };
  return { file: text.slice(0, at), task };
}
