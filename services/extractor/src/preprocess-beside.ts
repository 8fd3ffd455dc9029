import { readFile } from 'node:fs/promises';
import { type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';

/** What FILE.preprocess.json beside FILE.onnx declares; undefined where there is no such file. Throws PREPROCESS_INVALID. */
export async function readPreprocessBeside(modelPath: string): Promise<Preprocess | undefined> {
  const path = `${modelPath.replace(/\.onnx$/i, '')}.preprocess.json`;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return validatePreprocess(parseJson(text, path), path);
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
