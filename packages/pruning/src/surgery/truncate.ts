import { create } from '@bufbuild/protobuf';
import { Failure } from '@kneepoint/failures';
import type { AverageStage, ModelProto, NodeProto } from '@kneepoint/onnx';
import {
  averageGrid,
  dimsOf,
  floatTensor,
  DECLARED_ENTRY,
  Graph,
  GRID_NODES,
  NodeProtoSchema,
  setAttr,
  StringStringEntryProtoSchema,
  valueInfo,
  writeTensor,
} from '@kneepoint/onnx';
import type { Tap } from '../analysis/taps.ts';
import type { Shapes } from '../trace/trace.ts';
import { namedCopy } from './prepare.ts';
import { removeDead } from './remove-dead.ts';

/** Averages along each axis of a layer's maps: one over all positions, or a 2 × 2 grid. */
export type HeadPool = 1 | 2;

/** A linear head on pooled responses: y = W x + b. */
export interface LinearHead {
  /** Name of the Gemm node. */
  readonly name: string;
  /** What it reads of each channel; default 1, the mean over all positions. */
  readonly pool?: HeadPool;
  /** T × C·pool², row-major; the averages of a channel stand together, row by row. */
  readonly weights: Float64Array;
  /** T. */
  readonly bias: Float64Array;
  readonly outputName: string;
}

/** The values that a truncated model adds after its tap. */
const FIRST = 'kneepoint_channels_first';
const [COARSE = '', POOLED = ''] = GRID_NODES;
/** Entries that this product writes. */
const OWN = 'kneepoint.';
/** Output of `truncateToFeatures`, N × C. */
export const FEATURES = 'kneepoint_features';
const ENDS: ReadonlySet<string> = new Set([FIRST, COARSE, POOLED, FEATURES]);

/** Whether a layer's maps have a 2 × 2 grid. */
export function hasGrid({ size }: Pick<Tap, 'size'>): boolean {
  return size !== undefined && averageGrid(size) !== undefined;
}

/**
 * The model up to a tap with a new end: the mean over positions, where it has any, or over the cells of a grid (see `averageGrid`), and a linear
 * head (N × T). What the tap does not need is gone;
 * names, opset, input and what the file says of itself stay, but for what an earlier pruning or training wrote. Throws TAP_NOT_FOUND, HEAD_BAD_SHAPE.
 */
export function truncate(
  model: ModelProto,
  tap: Tap,
  head: LinearHead,
  metadata: Readonly<Record<string, string>> = {},
): ModelProto {
  const targets = head.bias.length;
  const { pool = 1 } = head;
  const features = tap.channels * pool ** 2;
  if (targets === 0 || head.weights.length !== targets * features) {
    const read = pool === 1 ? `${tap.channels} channels` : `${tap.channels} channels on a ${pool} × ${pool} grid`;
    throw new Failure('HEAD_BAD_SHAPE', `${head.weights.length} weights and ${targets} biases for ${read}`, {
      where: `head ${head.name}`,
      fix: 'give weights of targets × features and one bias per target',
    });
  }
  const bad = [...head.weights, ...head.bias].find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new Failure('HEAD_BAD_SHAPE', `the head holds ${bad}`, { where: `head ${head.name}` });
  const copy = finish(pooledCopy(model, tap, pool, metadata), FEATURES, features);
  const graph = copy.graph!;
  const [weightName, biasName] = [`${head.name}.weight`, `${head.name}.bias`];
  const gemm = create(NodeProtoSchema, {
    name: head.name,
    opType: 'Gemm',
    input: [FEATURES, weightName, biasName],
    output: [head.outputName],
  });
  setAttr(gemm, 'transB', 1);
  graph.node.push(gemm);
  graph.initializer.push(
    writeTensor(weightName, floatTensor([targets, features], Float32Array.from(head.weights))),
    writeTensor(biasName, floatTensor([targets], Float32Array.from(head.bias))),
  );
  return finish(copy, head.outputName, targets);
}

/** The model up to a tap, giving its pooled responses N × C·pool² as `kneepoint_features`. Throws TAP_NOT_FOUND, HEAD_BAD_SHAPE. */
export function truncateToFeatures(model: ModelProto, tap: Tap, pool: HeadPool = 1): ModelProto {
  // The width is left open: the model may be a pruned one, with fewer channels than the tap had.
  return finish(pooledCopy(model, tap, pool, {}), FEATURES, undefined);
}

/** The shapes of a truncated model: the given ones and those of its new end. `targets` is the head's number of outputs. */
export function truncatedShapes(
  shapes: Shapes,
  tap: Tap,
  head?: { readonly outputName: string; readonly targets: number; readonly pool?: HeadPool },
): Shapes {
  const dims = shapes.get(tap.value) ?? [];
  const channels = dims[tap.axis] ?? tap.channels;
  const pool = head?.pool ?? 1;
  const result = new Map(shapes);
  if (tap.rank > 2) {
    const turned = channelsFirst(tap.rank, tap.axis).map((axis) => dims[axis] ?? 1);
    if (tap.axis !== 1) result.set(FIRST, turned);
    for (const { size, output } of gridStages(tap, pool).slice(0, -1)) result.set(output, [1, channels, ...size]);
    if (isPooled(tap, pool)) result.set(POOLED, [1, channels, ...turned.slice(2).map(() => pool)]);
  }
  result.set(FEATURES, [1, channels * pool ** 2]);
  if (head) result.set(head.outputName, [1, head.targets]);
  return result;
}

function pooledCopy(
  model: ModelProto,
  tap: Tap,
  pool: HeadPool,
  metadata: Readonly<Record<string, string>>,
): ModelProto {
  const graph = new Graph(model);
  if (!graph.producer(tap.value)) {
    throw new Failure('TAP_NOT_FOUND', `no node makes the value ${tap.value}`, {
      where: `layer ${tap.layer}`,
      fix: 'find the taps of this model',
    });
  }
  const copy = namedCopy(model);
  // A model that was truncated before has such an end already.
  copy.graph!.node = copy.graph!.node.filter(({ name }) => !ENDS.has(name));
  copy.graph!.node.push(...pooling(tap, pool));
  copy.graph!.valueInfo = [];
  copy.metadataProps = [
    ...copy.metadataProps.filter(({ key }) => key === DECLARED_ENTRY || !(key.startsWith(OWN) || key in metadata)),
    ...Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  ];
  return copy;
}

/** The averages as N × C·pool². A layer without positions is Flatten's to leave as it is. */
function pooling(tap: Tap, pool: HeadPool): NodeProto[] {
  const nodes: NodeProto[] = [];
  let at = tap.value;
  const add = (opType: string, output: string) => {
    const node = create(NodeProtoSchema, { name: output, opType, input: [at], output: [output] });
    nodes.push(node);
    at = output;
    return node;
  };
  if (tap.rank > 2 && tap.axis !== 1) setAttr(add('Transpose', FIRST), 'perm', channelsFirst(tap.rank, tap.axis));
  if (isPooled(tap, pool) && pool === 1) add('GlobalAveragePool', POOLED);
  for (const { kernel, strides, output } of gridStages(tap, pool)) {
    const node = add('AveragePool', output);
    setAttr(node, 'kernel_shape', [...kernel]);
    setAttr(node, 'strides', [...strides]);
  }
  add('Flatten', FEATURES);
  return nodes;
}

/** The averages of a grid in stages, each with the value that it makes; none for the mean over all positions, nor for a map of 2 × 2. */
function gridStages(tap: Tap, pool: HeadPool): readonly (AverageStage & { readonly output: string })[] {
  if (pool === 1 || !isPooled(tap, pool)) return [];
  const stages = averageGrid(tap.size!)!;
  return stages.map((stage, i) => ({ ...stage, output: i === stages.length - 1 ? POOLED : COARSE }));
}

/** Whether there is anything to average: a layer without positions is read as it is, and so is a map of 2 × 2 on its grid. Throws HEAD_BAD_SHAPE. */
function isPooled(tap: Tap, pool: HeadPool): boolean {
  if (pool === 1) return tap.rank > 2;
  if (!hasGrid(tap)) {
    throw new Failure(
      'HEAD_BAD_SHAPE',
      `maps of ${tap.size?.join(' × ') ?? 'no two axes'} have no ${pool} × ${pool} grid`,
      {
        where: `layer ${tap.layer}`,
        fix: 'Pool over all positions, or read an earlier layer.',
      },
    );
  }
  return tap.size!.some((length) => length > pool);
}

function channelsFirst(rank: number, axis: number): number[] {
  return [0, axis, ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 0 && i !== axis)];
}

function finish(model: ModelProto, output: string, width: number | undefined): ModelProto {
  const [input] = new Graph(model).inputs;
  const batch = input && dimsOf(input)[0];
  model.graph!.output = [valueInfo(output, [batch ?? 'N', width])];
  removeDead(model);
  return model;
}
