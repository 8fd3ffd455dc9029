import { readFile } from 'node:fs/promises';
import type { Preprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { connect, type Connection, type ConnectionOptions } from '../client/connect.ts';
import { interruptSignal } from '../interrupt.ts';
import { readSize } from './numbers.ts';

export interface ServerOptions extends ConnectionOptions {
  readonly json?: boolean;
}

/** The options of every command that talks to a gateway. */
export function withServerOptions(command: Command): Command {
  return command
    .option(
      '--url <url>',
      'address of a gateway (default: KNEEPOINT_URL, else the server of the data folder, else one for this command)',
    )
    .option('--profile <name>', 'gateway and token that `kneepoint login` kept (default: KNEEPOINT_PROFILE)')
    .option('--data-dir <folder>', 'folder of the embedded server (default: ./.kneepoint)')
    .option('--provider <name>', 'execution provider of an embedded server: cpu, cuda or auto')
    .option('--memory-mb <n>', 'memory of a child process of an embedded server')
    .option('--json', 'print JSON');
}

export interface PreprocessOptions {
  readonly preprocess?: string;
  readonly preset?: string;
  readonly channels?: string;
  readonly range?: string;
  readonly mean?: string;
  readonly std?: string;
  readonly size?: string;
}

export function withPreprocessOptions(command: Command): Command {
  return command
    .option(
      '--preprocess <file>',
      'JSON of how pixels become the input (default: the .preprocess.json beside the model)',
    )
    .option(
      '--preset <name>',
      'the same as usual training code has it: torchvision, timm, keras-mobilenet, ultralytics, insightface or openvino',
    )
    .option('--channels <order>', 'rgb, bgr, grey, or with transparency as a fourth channel rgba or bgra')
    .option('--range <a,b>', 'range that pixels are scaled to: 0,255 or 0,1')
    .option('--mean <m>', 'subtracted per channel: one number or one for each')
    .option('--std <s>', 'divided by per channel: one number or one for each')
    .option('--size <HxW>', 'height and width of images, where the model leaves them free');
}

/**
 * The preprocessing that flags or a file declare; undefined when neither does. Flags take the place of what the file, or a preset, says; a
 * size alone of what is known of the model otherwise.
 */
export async function readPreprocess(options: PreprocessOptions, modelPath?: string): Promise<Preprocess | undefined> {
  const { validatePreprocess } = await import('@kneepoint/datasets');
  const { preset, channels, range, mean, std } = options;
  const flags = [preset, channels, range, mean, std].some((flag) => flag !== undefined);
  const size = readSize(options.size);
  const said = {
    ...(preset === undefined ? {} : { preset }),
    ...(channels === undefined ? {} : { channels }),
    ...(range === undefined ? {} : { range: numbers(range) }),
    ...(mean === undefined ? {} : { mean: numbers(mean) }),
    ...(std === undefined ? {} : { std: numbers(std) }),
    ...(size === undefined ? {} : { size }),
  };
  if (options.preprocess !== undefined) {
    const file = await readJson(options.preprocess);
    // Whatever else is wrong with it, its own mistakes are told by its name.
    if (!flags && !size) return validatePreprocess(file, options.preprocess);
    const base = validatePreprocess(file, options.preprocess);
    return validatePreprocess(preset === undefined ? { ...base, ...said } : said);
  }
  if (flags) {
    const rest = { channels: 'rgb', range: [0, 1], mean: [0], std: [1] };
    return validatePreprocess(preset === undefined ? { ...rest, ...said } : said);
  }
  if (!size) return undefined;
  const { knownPreprocess } = await import('@kneepoint/extractor-service');
  return validatePreprocess({ ...(await knownPreprocess(modelPath)), size });
}

export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Failure('JSON_FILE_INVALID', `the file cannot be read as JSON: ${(error as Error).message}`, {
      where: path,
      fix: 'Name a JSON file.',
      cause: error,
    });
  }
}

/** Connects, works, and lets go again, whatever happens; Ctrl-C aborts the signal. */
export async function withConnection<T>(
  options: ConnectionOptions,
  work: (connection: Connection, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interrupt = interruptSignal();
  try {
    const connection = await connect(options, interrupt);
    try {
      return await work(connection, interrupt.signal);
    } finally {
      await connection.close();
    }
  } finally {
    interrupt.release();
  }
}

function numbers(text: string): number[] {
  return text.split(',').map(Number);
}
