import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, readTensor, writeTensor } from '@kneepoint/onnx';
import { analyzeChannels, makePlan, type Plan, type Shapes } from '@kneepoint/pruning';

/** How the filters of a layer lie in the tensors whose names begin with its own. */
export interface Lie {
  /** Sizes of the parts that have their twins among themselves: groups, or what was joined. Default: one part. */
  readonly parts?: readonly number[];
  /** Default 0. */
  readonly axis?: number;
}

/**
 * A copy of a model in which the later half of every layer's filters says what the earlier half says, part by part. Without them
 * nothing is lost: what reads them could read their twins.
 * @param spared beginnings of names of tensors that stay as they are
 */
export function withTwins(
  model: ModelProto,
  spared: readonly string[],
  lies: Readonly<Record<string, Lie>> = {},
): ModelProto {
  const copy = cloneModel(model);
  copy.graph!.initializer = copy.graph!.initializer.map((stored) => {
    const [layer] = stored.name.split('.') as [string];
    if (stored.name.startsWith('const') || spared.includes(layer)) return stored;
    const { parts, axis = 0 } = lies[layer] ?? {};
    const { dims, type, data } = readTensor(stored);
    const along = stored.name.endsWith('.weight') ? axis : 0;
    const filters = dims[along]!;
    const inner = dims.slice(along + 1).reduce((product, size) => product * size, 1);
    const twinned = Float32Array.from(data as Float32Array, (_, i) => {
      const filter = Math.floor(i / inner) % filters;
      return Number(data[i + (twinOf(filter, parts ?? [filters]) - filter) * inner]);
    });
    return writeTensor(stored.name, { dims, type, data: twinned });
  });
  return copy;
}

/** The plan that removes every filter which has an earlier twin. */
export function planWithoutTwins(
  model: ModelProto,
  shapes: Shapes,
  spared: readonly string[],
  lies: Readonly<Record<string, Lie>> = {},
): Plan {
  const analysis = analyzeChannels(model, shapes);
  const gone = analysis.layers.flatMap(({ name, classes }) => {
    if (spared.includes(name)) return [];
    const parts = lies[name]?.parts ?? [classes.length];
    return classes.filter((_, filter) => twinOf(filter, parts) !== filter);
  });
  return makePlan(analysis, gone);
}

function twinOf(filter: number, parts: readonly number[]): number {
  let from = 0;
  for (const size of parts) {
    const half = Math.floor(size / 2);
    if (filter < from + size) return filter < from + size - half ? filter : filter - half;
    from += size;
  }
  return filter;
}
