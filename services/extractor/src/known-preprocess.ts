import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defaultPreprocess, type Preprocess } from '@kneepoint/datasets';
import { dimsOf, Graph, imageAxes, type ModelProto } from '@kneepoint/onnx';
import { readModelFile } from '@kneepoint/runtime';
import { preprocessInGraph } from './exported/in-graph.ts';
import { preprocessInMetadata } from './exported/in-metadata.ts';
import { readConfigBeside, readPreprocessBeside } from './preprocess-beside.ts';

/** What lies beside a model's file: its own declaration, else a hub's configuration, which is then named. */
export async function preprocessBeside(path: string, tell: (text: string) => void): Promise<Preprocess | undefined> {
  const own = await readPreprocessBeside(path);
  if (own) return own;
  const config = await readConfigBeside(path);
  if (config) tell(`preprocessing is that of ${config.from}`);
  return config?.preprocess;
}

/** How a file is fed, as far as it, or what lies beside it, says so. Throws PREPROCESS_INVALID, MODEL_*. */
export async function declaredPreprocess(path: string): Promise<Preprocess | undefined> {
  const beside = (await readPreprocessBeside(path)) ?? (await readConfigBeside(path))?.preprocess;
  if (beside) return beside;
  const model = await decoded(path);
  return (preprocessInMetadata(model) ?? preprocessInGraph(model))?.preprocess;
}

/** The same, or the default for its channels; without a file for three. */
export async function knownPreprocess(path: string | undefined): Promise<Preprocess> {
  if (path === undefined) return defaultPreprocess(3).preprocess;
  const declared = await declaredPreprocess(path);
  if (declared) return declared;
  const dims = new Graph(await decoded(path)).inputs.map(dimsOf).find((lengths) => imageAxes(lengths)) ?? [];
  const channels = dims[imageAxes(dims)?.height === 1 ? 3 : 1];
  return defaultPreprocess(typeof channels === 'number' ? channels : 3).preprocess;
}

/** What the outputs of a file are called, in their order: as this product or Ultralytics wrote it, or by labels.txt beside it. */
export async function labelsOfFile(path: string): Promise<readonly string[] | undefined> {
  const entries = new Map((await decoded(path)).metadataProps.map(({ key, value }) => [key, value]));
  const own = entries.get('kneepoint.classes');
  if (own !== undefined) return listOf(own);
  const names = entries.get('names');
  if (names !== undefined && entries.has('stride')) return pythonNames(names);
  const lines = await readFile(join(dirname(path), 'labels.txt'), 'utf8').catch(() => undefined);
  return lines?.split(/\r?\n/).filter((line) => line !== '');
}

function listOf(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Ultralytics writes a dictionary as Python prints it: {0: 'person', 1: "driver's seat"}. */
function pythonNames(text: string): readonly string[] | undefined {
  // A run of digits is looked at from its beginning alone: from each of its digits a long one would take its square.
  const entries = [...text.matchAll(/(?<!\d)(\d+)\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)];
  const names: string[] = [];
  for (const [, index, single, double] of entries)
    names[Number(index)] = (single ?? double ?? '').replaceAll(/\\(.)/g, '$1');
  return names.length > 0 && names.length === entries.length ? names : undefined;
}

/** No mean or scale of colours is larger; weights that lie in a file beside the model stay there. */
const CONSTANT_BYTES = 1024;

function decoded(path: string): Promise<ModelProto> {
  return readModelFile(path, {}, { externalBytes: CONSTANT_BYTES });
}
