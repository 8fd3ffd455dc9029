import type { ModelProto, NodeProto } from '@kneepoint/onnx';
import { skeleton } from '@kneepoint/onnx';
import type { FreezeReason } from '../labels/channel-labels.ts';
import { prepare } from '../surgery/prepare.ts';
import type { Shapes, TraceOptions } from '../trace/trace.ts';
import { Trace } from '../trace/trace.ts';
import type { Tap } from './taps.ts';
import { tapsOf } from './taps.ts';

/** A layer with filters: Conv, ConvTranspose, Gemm or MatMul with constant weights. */
export interface LayerInfo {
  /** Node name. */
  readonly name: string;
  readonly op: string;
  readonly filters: number;
  /** Channel class of each filter. */
  readonly classes: readonly number[];
  /** Whether some of its filters can go. */
  readonly prunable: boolean;
  /** Why none can, naming the node and operator in the way. */
  readonly reason?: string;
  /** How many of its filters have to stay. */
  readonly frozenFilters: number;
  /** Why they do: the node in the way of most of them. Absent when all can go. */
  readonly frozenBy?: FreezeReason;
  /** The value where its responses are read. */
  readonly tap?: string;
}

/** Channels that live or die together. Ids count from 0 in graph order and depend on the graph alone, not on its weights. */
export interface ChannelClass {
  readonly id: number;
  readonly members: readonly { readonly layer: string; readonly filters: readonly number[] }[];
  /** Why it stays; undefined when it may go. */
  readonly frozen?: FreezeReason;
}

/** What can be removed from a network, and what stands in the way. Made without reading a weight. */
export interface ChannelAnalysis {
  /** In graph order. */
  readonly layers: readonly LayerInfo[];
  readonly classes: readonly ChannelClass[];
  /** In graph order. */
  readonly taps: readonly Tap[];
  readonly options: TraceOptions;
  readonly shapes: Shapes;
  /** The model as given, without the values of its weights. */
  readonly skeleton: ModelProto;
  readonly trace: Trace;
  /** Channel class of a label; undefined for labels that no filter carries. */
  classOf(label: number): number | undefined;
}

/**
 * Finds the channel classes of a network by running its graph on labels. `shapes` holds every value's shape at batch 1,
 * as the runtime measured them; a skeleton gives the same result as the model. Throws SHAPES_INCOMPLETE, GRAPH_CYCLE.
 */
export function analyzeChannels(model: ModelProto, shapes: Shapes, options: TraceOptions = {}): ChannelAnalysis {
  const bare = skeleton(model);
  const trace = new Trace(prepare(bare, shapes), shapes, options);
  const ids = new Map<number, number>();
  const members: Map<number, number[]>[] = [];
  const classesPerLayer = trace.layers.map(({ labels }, layer) =>
    Array.from(labels, (label, filter) => {
      const root = trace.labels.find(label);
      const id = ids.get(root) ?? ids.size;
      if (!ids.has(root)) members.push(new Map<number, number[]>());
      ids.set(root, id);
      const own = members[id]!;
      const filters = own.get(layer);
      if (filters) filters.push(filter);
      else own.set(layer, [filter]);
      return id;
    }),
  );
  const classes = [...ids].map(([root, id]): ChannelClass => {
    const frozen = trace.labels.reason(root) ?? wholeLayer(trace, members[id]!);
    return {
      id,
      members: [...members[id]!].map(([layer, filters]) => ({ layer: trace.layers[layer]!.node.name, filters })),
      ...(frozen ? { frozen } : {}),
    };
  });
  const classOf = (label: number) => ids.get(trace.labels.find(label));
  const taps = tapsOf(trace, classOf, (id) => classes[id]!.frozen !== undefined);
  const tapByLayer = new Map(taps.map((tap) => [tap.layer, tap.value]));
  const layers = trace.layers.map(({ node }, i) =>
    layerInfo(node, classesPerLayer[i]!, classes, tapByLayer.get(node.name)),
  );
  return { layers, classes, taps, options, shapes, skeleton: bare, trace, classOf };
}

/** The taps of a model in graph order. Throws as `analyzeChannels` does. */
export function findTaps(model: ModelProto, shapes: Shapes, options?: TraceOptions): readonly Tap[];
export function findTaps(analysis: ChannelAnalysis): readonly Tap[];
export function findTaps(model: ModelProto | ChannelAnalysis, shapes?: Shapes, options?: TraceOptions): readonly Tap[] {
  if ('taps' in model) return model.taps;
  return analyzeChannels(model, shapes ?? new Map(), options).taps;
}

function layerInfo(
  node: NodeProto,
  ids: readonly number[],
  classes: readonly ChannelClass[],
  tap: string | undefined,
): LayerInfo {
  const reasons = ids.flatMap((id) => classes[id]!.frozen ?? []);
  const prunable = reasons.length < ids.length;
  const frozenBy = commonest(reasons);
  return {
    name: node.name,
    op: node.opType,
    filters: ids.length,
    classes: ids,
    prunable,
    frozenFilters: reasons.length,
    ...(frozenBy ? { frozenBy } : {}),
    ...(prunable || !frozenBy ? {} : { reason: frozenBy.text }),
    ...(tap === undefined ? {} : { tap }),
  };
}

/** The reason given most often; of equals, the first. */
function commonest(reasons: readonly FreezeReason[]): FreezeReason | undefined {
  const counts = new Map<string, number>();
  for (const { text } of reasons) counts.set(text, (counts.get(text) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return reasons.find(({ text }) => counts.get(text) === most);
}

/** A class that holds every filter of a layer cannot go: nothing of the layer would be left. */
function wholeLayer(trace: Trace, own: ReadonlyMap<number, readonly number[]>): FreezeReason | undefined {
  for (const [layer, filters] of own) {
    const { node, labels } = trace.layers[layer]!;
    if (filters.length < labels.length) continue;
    const text =
      labels.length === 1
        ? `holds the only filter of ${node.name} (${node.opType})`
        : `is tied to all ${labels.length} filters of ${node.name} (${node.opType}), which live or die together`;
    return { node: node.name, op: node.opType, text };
  }
  return undefined;
}
