import { create } from '@bufbuild/protobuf';
import { gradientsOf, type LossTerm } from '@kneepoint/autodiff';
import {
  cloneModel,
  elementCount,
  floatTensor,
  Graph,
  type ModelProto,
  NodeProtoSchema,
  writeTensor,
} from '@kneepoint/onnx';
import type { Tap } from '@kneepoint/pruning';
import { takeRows } from '@kneepoint/regression';
import { batchSizeFor, type Dense, openSession, resolveProvider, shapesOf } from '@kneepoint/runtime';
import { imageBatches, type Images } from './run-over.ts';
import type { HeadTask } from './starting-point.ts';

/** Images that are enough to rank by, and how many of them go through the gradient graph at once. */
const MOST_ROWS = 256;
const MOST_BATCH = 16;

/**
 * First-order Taylor scores (Molchanov et al. 2017, "Pruning convolutional neural networks for resource efficient inference"): for each
 * channel c of a tap Σ over training images |Σ over positions ∂L/∂a_c · a_c|, what the loss of an image would change, to first order, if
 * the channel were 0. L is what the probes in the head minimise: squared error, of values in units of their standard deviation. By layer.
 * Throws AUTODIFF_OPERATOR naming an operator without a derivative, and the reason of the signal.
 */
export async function taylorScores(
  network: ModelProto,
  taps: readonly Tap[],
  tasks: readonly HeadTask[],
  { images, rows: trainRows }: { readonly images: Images; readonly rows: Int32Array },
): Promise<ReadonlyMap<string, Float64Array>> {
  const { spec, context } = images;
  const most = Math.min(MOST_ROWS, trainRows.length);
  const batch = Math.min(MOST_BATCH, batchSizeFor(spec), most);
  // Whole batches: a row's share of the mean loss is then the same everywhere.
  const rows = trainRows.subarray(0, most - (most % batch));
  const { model, gates } = gated(network, taps, batch);
  const dims = [batch, spec.channels, spec.height, spec.width];
  const shapes = await shapesOf(model, { input: { data: new Float32Array(elementCount(dims)), dims } });
  const graph = gradientsOf({
    model,
    shapes,
    loss: tasks.map((task, i) => lossTerm(task, i, model.graph!.output[0]!.name)),
    wrt: new Set(gates.values()),
    target: await resolveProvider(context.provider),
  });
  const fixed = Object.fromEntries(
    graph.weights.map(({ input, dims: size }): [string, Dense] => {
      return [input, { dims: size, data: new Float32Array(elementCount(size)).fill(1) }];
    }),
  );
  const scores = new Map(taps.map(({ layer, channels }) => [layer, new Float64Array(channels)]));
  const session = await openSession(graph.model, { provider: context.provider });
  try {
    let done = 0;
    for await (const { data, indices } of imageBatches(images, rows, batch)) {
      const chosen = Int32Array.from(indices);
      const feeds: Record<string, Dense> = { ...fixed, [graph.image]: { dims, data } };
      tasks.forEach((task, i) => Object.assign(feeds, labelFeeds(task, i, chosen)));
      const results = await session.run(feeds, [...graph.gradients.values()]);
      for (const { layer, value, channels } of taps) {
        const gradient = results[graph.gradients.get(gates.get(value)!) ?? '']?.data as Float32Array | undefined;
        const own = scores.get(layer)!;
        gradient?.forEach((change, at) => (own[at % channels]! += Math.abs(change) * batch));
      }
      done += chosen.length;
      context.progress({ done, total: rows.length, unit: 'images', message: 'ranking by gradients' });
    }
  } finally {
    await session.release();
  }
  return scores;
}

/**
 * The network with every tap multiplied by ones, one for each image of the batch and channel: the derivative with respect to such a
 * gate is Σ over positions ∂L/∂a · a.
 */
function gated(
  network: ModelProto,
  taps: readonly Tap[],
  batch: number,
): { readonly model: ModelProto; readonly gates: ReadonlyMap<string, string> } {
  const model = cloneModel(network);
  const graph = new Graph(model);
  const gates = new Map<string, string>();
  for (const { value, channels, rank, axis } of taps) {
    if (gates.has(value)) continue;
    const [gate, output] = [`kneepoint.gate/${value}`, `kneepoint.gated/${value}`];
    gates.set(value, gate);
    for (const { node, input } of graph.consumers(value)) if (input >= 0) node.input[input] = output;
    const product = create(NodeProtoSchema, { name: output, opType: 'Mul', input: [value, gate], output: [output] });
    model.graph!.node.splice(model.graph!.node.indexOf(graph.producer(value)!) + 1, 0, product);
    const ones = new Float32Array(batch * channels).fill(1);
    const dims = Array.from({ length: rank }, (_, i) => (i === 0 ? batch : i === axis ? channels : 1));
    model.graph!.initializer.push(writeTensor(gate, floatTensor(dims, ones)));
  }
  return { model, gates };
}

function lossTerm({ spec, labels, parts, from }: HeadTask, index: number, output: string): LossTerm {
  const targets = spec.targets.length;
  const value = spec.type === 'continuous' || spec.type === 'ordered';
  const train = takeRows(labels, parts.train, targets);
  const scale = Array.from({ length: targets }, (_, k) => (value ? deviation(train, targets, k) : 1));
  const partial = spec.type === 'multilabel' && train.some(Number.isNaN);
  const place = { name: `task${index}`, output, columns: [from, from + targets] as const };
  return { ...place, kind: 'squaredError', scale, ...(partial ? { partial } : {}) };
}

/** Standard deviation of one column; 1 where the labels don't vary. */
function deviation(values: Float64Array, width: number, column: number): number {
  const own = values.filter((_, i) => i % width === column);
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length;
  return variance > 0 ? Math.sqrt(variance) : 1;
}

/** Labels of a batch; images without one count nothing, those with some of several count for these. */
function labelFeeds({ spec, labels }: HeadTask, index: number, rows: Int32Array): Record<string, Dense> {
  const targets = spec.targets.length;
  const own = Float32Array.from(takeRows(labels, rows, targets));
  const counts = Float32Array.from(rows, (_, i) => {
    const known = own.subarray(i * targets, (i + 1) * targets).filter((label) => !Number.isNaN(label)).length;
    return known === targets || spec.type === 'multilabel' ? known / targets : 0;
  });
  return {
    [`label/task${index}`]: { dims: [rows.length, targets], data: own },
    [`rowWeight/task${index}`]: { dims: [rows.length], data: counts },
  };
}
