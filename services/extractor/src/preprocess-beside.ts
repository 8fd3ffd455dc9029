import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { type Exported, type ReadExported, record } from './exported/exported.ts';
import { readHuggingFace } from './exported/hugging-face.ts';
import { readTimm } from './exported/timm.ts';

/** Files of model hubs that say how pixels become the input, in the order in which they are looked for. */
const CONFIGS: readonly { readonly file: string; readonly read: ReadExported }[] = [
  { file: 'config.json', read: readTimm },
  { file: 'preprocessor_config.json', read: readHuggingFace },
];

/** Beyond this it is no configuration: an archive of some kilobytes may hold one of gigabytes. */
const MOST_BYTES = 2 ** 20;

/** What FILE.preprocess.json beside FILE.onnx declares; undefined where there is no such file. Throws PREPROCESS_INVALID. */
export async function readPreprocessBeside(modelPath: string): Promise<Preprocess | undefined> {
  const path = `${modelPath.replace(/\.onnx$/i, '')}.preprocess.json`;
  const bytes = await bytesOf(path);
  if (bytes === undefined) return undefined;
  if (bytes > MOST_BYTES) {
    throw new Failure('PREPROCESS_INVALID', `the file has ${bytes} bytes`, {
      where: path,
      fix: `Write one object of at most ${MOST_BYTES} bytes.`,
    });
  }
  return validatePreprocess(parseJson(await readFile(path, 'utf8'), path), path);
}

/** What a hub's configuration beside a model says; undefined where there is none, or one of another kind. */
export async function readConfigBeside(modelPath: string): Promise<Exported | undefined> {
  for (const { file, read } of CONFIGS) {
    const path = join(dirname(modelPath), file);
    const bytes = await bytesOf(path);
    if (bytes === undefined || bytes > MOST_BYTES) continue;
    const found = understood(await readFile(path, 'utf8'), read);
    if (found) return { preprocess: found, from: `${file} beside the model` };
  }
  return undefined;
}

/** A file of that name may be of anything. */
function understood(text: string, read: ReadExported): Preprocess | undefined {
  try {
    const json = record(JSON.parse(text));
    const found = json && read(json);
    return found && validatePreprocess(found);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Failure) return undefined;
    throw error;
  }
}

/** Undefined where there is no file. */
async function bytesOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('PREPROCESS_INVALID', `the file is not JSON: ${(error as Error).message}`, {
      where,
      fix: 'Write an object such as {"channels":"rgb","range":[0,255],"mean":[0,0,0],"std":[1,1,1]}.',
    });
  }
}
