import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatasetFileDocument, download, ModelFileDocument } from '@kneepoint/client/node';
import type { Preprocess } from '@kneepoint/datasets';
import type { ModelCheck } from '@kneepoint/extractor-service';
import type { Command } from 'commander';
import type { Connection } from '../client/connect.ts';
import { findDataset, findModel } from '../client/lookup.ts';
import { interruptible } from '../interrupt.ts';
import { print, printJson } from '../output.ts';
import { table } from '../render/table.ts';
import { type DataFlags, readDataOptions, withDataOptions } from './data-options.ts';
import {
  type PreprocessOptions,
  readPreprocess,
  type ServerOptions,
  withConnection,
  withPreprocessOptions,
  withServerOptions,
} from './options.ts';

interface CheckOptions extends ServerOptions, PreprocessOptions, DataFlags {
  readonly data: string;
  readonly out?: string;
}

interface Declared {
  readonly preprocess: Preprocess;
  readonly from: string;
}

/** Files to check, and what is known of their pixels from where they came. */
interface Checked {
  readonly modelPath: string;
  readonly dataPath: string;
  readonly declared?: Declared;
}

/** `model check`: what a network gets of the pictures of a data set. */
export function registerModelCheck(model: Command): void {
  withDataOptions(withPreprocessOptions(withServerOptions(model.command('check <model>'))))
    .description(
      'what a network gets of pictures: how they look, range, mean and spread, and what seems wrong with them',
    )
    .requiredOption('--data <set>', 'folder of pictures, or a data set that is registered')
    .option('--out <folder>', 'where to put three pictures as the network sees them')
    .action(async (given: string, options: CheckOptions) => {
      // A registered model has the size that it was registered with.
      const { size: _, ...known } = options;
      const flags = await ((await isFile(given)) ? readPreprocess(options, given) : readPreprocess(known));
      const { schema, group, reading } = await readDataOptions(options);
      const out = options.out === undefined ? {} : { outFolder: resolve(options.out) };
      const { checkModelFile } = await import('@kneepoint/extractor-service');
      const check = await withFiles(given, options, ({ modelPath, dataPath, declared }) =>
        interruptible((signal) => {
          const said = flags ? { preprocess: flags, from: 'the options of this command' } : declared;
          return checkModelFile(modelPath, dataPath, {
            ...(said ? { declared: said } : {}),
            reading: { ...reading, ...(schema ? { schema } : {}), ...(group ? { group } : {}) },
            ...out,
            signal,
          });
        }),
      );
      if (options.json) return printJson(check);
      printCheck(check);
    });
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** What lies here is taken from here; names are asked of a gateway. */
async function withFiles<T>(given: string, options: CheckOptions, use: (files: Checked) => Promise<T>): Promise<T> {
  const lies = await isFile(given);
  const isThere = await stat(options.data).then(
    () => true,
    () => false,
  );
  if (lies && isThere) return use({ modelPath: resolve(given), dataPath: resolve(options.data) });
  const scratch = await mkdtemp(join(tmpdir(), 'kneepoint-'));
  try {
    const files = await withConnection(options, async (connection): Promise<Checked> => {
      const named = lies ? { modelPath: resolve(given) } : await fetchModel(connection, given, scratch);
      const dataPath = isThere ? resolve(options.data) : await fetchDataset(connection, options.data, scratch);
      return { ...named, dataPath };
    });
    return await use(files);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetchModel(
  { client }: Connection,
  given: string,
  scratch: string,
): Promise<{ readonly modelPath: string; readonly declared: Declared }> {
  const { model } = await client.query(ModelFileDocument, { id: await findModel(client, given) });
  const modelPath = join(scratch, 'model.onnx');
  await download(client, model!.artifact, modelPath);
  return {
    modelPath,
    declared: { preprocess: model!.preprocess as Preprocess, from: `model ${model!.name} as it is registered` },
  };
}

async function fetchDataset({ client }: Connection, given: string, scratch: string): Promise<string> {
  const { dataset } = await client.query(DatasetFileDocument, { id: await findDataset(client, given) });
  const path = join(scratch, 'dataset.tar');
  await download(client, dataset!.artifact, path);
  return path;
}

function printCheck(check: ModelCheck): void {
  const { input, preprocess, from, least, most, channels, pictures, findings } = check;
  const figure = (value: number): string => String(Number(value.toPrecision(4)));
  print(`input ${input.channels} × ${input.height} × ${input.width}, from ${figure(least)} to ${figure(most)}`);
  print(`preprocessing ${JSON.stringify(preprocess)}\n  declared by: ${from}`);
  print(`measured on ${check.measured} of ${check.images} pictures\n`);
  print(
    table(
      ['channel', 'holds', 'mean', 'spread'],
      channels.map(({ name, mean, spread }, i) => [String(i), name, figure(mean), figure(spread)]),
      ['right', 'left', 'right', 'right'],
    ),
  );
  print('');
  for (const { image, path, shows } of pictures)
    if (path !== '') print(`${path}: ${image} (from the left: ${shows.join(', ')})`);
  if (check.unreadable.length > 0) print(`not read: ${check.unreadable.slice(0, 5).join(', ')}`);
  for (const text of check.notes) print(`note: ${text}`);
  print(`held against ${check.heldAgainst}`);
  if (findings.length === 0) print('nothing looks wrong');
  for (const { message, clear } of findings) print(`${clear ? 'looks wrong' : 'may be wrong'}: ${message}`);
}
