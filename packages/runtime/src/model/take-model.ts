import { Failure } from '@kneepoint/failures';
import type { ImageSize, ModelLimits, ModelProto } from '@kneepoint/onnx';
import {
  cloneModel,
  dimsOf,
  Folder,
  Graph,
  isFree,
  normaliseModel,
  refuseMadeLarge,
  replaceByBranch,
  sizeInMetadata,
  validateGraph,
} from '@kneepoint/onnx';
import { foldStored } from './fold-stored.ts';
import { nameSqueezedAxes } from './name-squeezed-axes.ts';
import { readModelFile } from './read-model-file.ts';
import { shapesOf } from './shapes-of.ts';

export interface TakeOptions {
  readonly limits?: Partial<ModelLimits>;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

export interface TakenModel {
  /** As it is written, with its external data. */
  readonly original: ModelProto;
  /** The same network in the form that every later step works on (see `normaliseModel`, `foldStored`). */
  readonly model: ModelProto;
  /** Height and width for what the file leaves free: those asked for, or those in its metadata. */
  readonly size?: ImageSize;
  /** What was changed or left that a user should know. */
  readonly notes: readonly string[];
}

/** Branches inside branches; each round takes those whose conditions are known by then. */
const ROUNDS = 8;

/**
 * Reads a model file and brings it to the one form that every later step works on: functions, fused quantised operators and constants are
 * spelled out, branches that constants or shapes decide are taken, and what follows from stored weights alone is computed. Throws as
 * `readModelFile`, `validateGraph`, `normaliseModel` and `foldStored` do.
 */
export async function takeModel(path: string, { limits, size }: TakeOptions = {}): Promise<TakenModel> {
  const original = await readModelFile(path, limits);
  validateGraph(original);
  const chosen = size ?? sizeInMetadata(original);
  const normalised = normaliseModel(original);
  const notes = [...normalised.notes];
  // Functions are written out by now, and what follows computes constants.
  refuseMadeLarge(normalised.model);
  let model = await foldStored(normalised.model);
  const taken = await takeBranches(model, chosen);
  if (taken.count > 0) {
    notes.push(
      taken.count === 1
        ? 'A branch that shapes or constants decide was taken.'
        : `${taken.count} branches that shapes or constants decide were taken.`,
    );
    model = await foldStored(taken.model);
  }
  model = await nameSqueezedAxes(model);
  // What was computed may hold a NaN that no stored weight has.
  validateGraph(model);
  return { original, model, notes, ...(chosen ? { size: chosen } : {}) };
}

/** Takes the branches that are the same for one image and for two, where the batch is free. */
async function takeBranches(
  model: ModelProto,
  size: ImageSize | undefined,
): Promise<{ readonly model: ModelProto; readonly count: number }> {
  let current = model;
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const copy = cloneModel(current);
    const graph = new Graph(copy);
    if (!graph.proto.node.some(({ opType }) => opType === 'If')) break;
    for (const node of graph.proto.node) node.name = graph.nodeName(node);
    const folders = await foldersAt(copy, graph, size);
    const replaced = replaceByBranch(copy, graph, (condition) => {
      const found = folders.map((folder) => folder.value(condition)?.data[0]);
      return found.every((value) => value !== undefined && value === found[0]) ? found[0] !== 0 : undefined;
    });
    if (replaced === 0) break;
    current = copy;
    count += replaced;
  }
  return { model: current, count };
}

/** Shape arithmetic as it comes out for one image and, where the file takes any batch, for two. */
async function foldersAt(model: ModelProto, graph: Graph, size: ImageSize | undefined): Promise<Folder[]> {
  const free = graph.inputs.some((input) => isFree(dimsOf(input)[0]));
  const folders: Folder[] = [];
  for (const batch of free ? [1, 2] : [1]) {
    try {
      const shapes = await shapesOf(model, { batch, ...(size ? { size } : {}) });
      folders.push(new Folder(graph, (name) => shapes.get(name)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // A model that takes no second image is decided by the first; one that is not run at all by its constants.
      if (batch === 1) folders.push(new Folder(graph, () => undefined));
    }
  }
  return folders;
}
