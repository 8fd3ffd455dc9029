import { Failure } from '@kneepoint/failures';
import { cloneModel, elementCount, Graph, type ModelProto } from '@kneepoint/onnx';
import { healing } from '@kneepoint/pruning';
import { type Dense, openSession } from '@kneepoint/runtime';
import type { Images } from '../run-over.ts';
import { measureUnits } from './measure-units.ts';
import {
  asIndices,
  chosenRows,
  emptyBatches,
  pixels,
  positionsOf,
  type Rows,
  type SampledBatch,
} from './sampled-batches.ts';

const STORED_BYTES = 640e6;

export interface HealRequest extends healing.HealingRequest {
  /** Draws images and positions. Default 0. */
  readonly seed?: number;
  /** Bytes of values from which the cut network is taken up again; where they would be more, it starts further back. Default 640 MB. */
  readonly storedBytes?: number;
}

/** What became of one layer. */
export interface HealedLayer {
  readonly layer: string;
  readonly op: string;
  /** Weights of one filter that were fitted, its bias not counted; 0 where none were. */
  readonly unknowns: number;
  /** Penalty as a share of the mean square of what is read; null where the weights are as they were cut. */
  readonly ridge: number | null;
  /** Share of the variance of the original's answers that is missed on validation, before and after. */
  readonly before: number;
  readonly after: number;
  /** What was not done, and why; null where nothing is to be said. */
  readonly note: string | null;
}

/**
 * The cut network with the weights of every layer that lost inputs, or reads what has changed, fitted anew to the answers that the same
 * filters gave in the original: ridge least squares towards the cut weights, front to back, each layer in the network as healed so far
 * (relatives: He, Zhang, Sun 2017, "Channel pruning for accelerating very deep neural networks"). The original runs once, the cut network
 * about once: each step takes it up where the last one ended. The same seed, images and networks give the same weights.
 * Throws RUNTIME_CANCELED and what `prune` and the runtime throw.
 */
export async function heal(
  request: HealRequest,
  images: Images,
  parts: Rows,
): Promise<{ readonly model: ModelProto; readonly layers: readonly HealedLayer[] }> {
  const { seed = 0, storedBytes = STORED_BYTES } = request;
  const found = healing.healingUnits(request);
  const model = cloneModel(request.cut);
  const layers: HealedLayer[] = found.left.map(({ layer, op, reason }) => leftLayer(layer, op, reason));
  const sites = found.units.flatMap((unit) => unit.sites);
  const rows = chosenRows(parts, seed);
  if (sites.length === 0 || rows.train.length === 0) return { model, layers: inOrder(model, layers) };
  const positions = positionsOf(sites, rows);
  const sampled = sites.map((site) => ({ site, positions: positions.get(site.node)! }));
  const batches = emptyBatches(images, rows, sampled, seed);
  const progress = (): void => {
    if (images.context.signal.aborted) throw new Failure('RUNTIME_CANCELED', 'canceled while healing');
    const done = layers.length;
    images.context.progress({ done, total: sites.length + found.left.length, unit: 'layers', message: 'healing' });
  };
  progress();
  const { name, channels, height, width } = images.spec;
  const keepsPixels = bytesOf(rows, [channels * height * width]) <= storedBytes;
  await readTargets(found.original, sampled, batches, { images, rows, keepsPixels });
  /** Values that the batches hold, with their dimensions; none while the pixels are decoded anew. */
  let sources = new Map<string, readonly (number | string)[]>();
  if (keepsPixels) sources.set(name, ['N', channels, height, width]);
  let near: number | undefined;
  let open = [...found.units];
  while (open.length > 0) {
    progress();
    const graph = new Graph(model);
    const settled = healing.settledNodes(graph, nodesOf(open));
    const ready = healing.readyUnits(graph, settled, open);
    if (ready.length === 0) {
      const stuck = open.shift()!;
      layers.push(
        ...stuck.sites.map(({ node, op }) => leftLayer(node, op, 'it reads what a layer of the same weights gives')),
      );
      continue;
    }
    const values = healing.frontier(graph, settled, nodesOf(open), (value) => found.carriesData(value));
    const sizes = values.map((value) => {
      const dims = value === name ? [channels, height, width] : found.cutShapes.get(value);
      return dims ? elementCount(dims) : Infinity;
    });
    const last = ready.length === open.length;
    const measured = await measureUnits(
      { model, units: ready, positions, sources, values: !last && bytesOf(rows, sizes) <= storedBytes ? values : [] },
      { images, rows, batches },
    );
    if (measured.stored) sources = new Map(measured.stored);
    ready.forEach((unit, i) => {
      const { train, validation } = measured.statistics[i]!;
      const change = healing.refit(train, validation, near);
      near = change.ridge ?? near;
      healing.writeRefit(model, unit, change);
      layers.push(...unit.sites.map((site) => healedLayer(site, unit, change)));
    });
    for (const { sites: done } of ready)
      for (const { node } of done) for (const { targets } of batches) targets.delete(node);
    open = open.filter((unit) => !ready.includes(unit));
  }
  progress();
  return { model, layers: inOrder(model, layers) };
}

/** Runs the original once and leaves its sampled answers, and the pixels where they are kept, with the batches. */
async function readTargets(
  original: ModelProto,
  sampled: readonly healing.Sampled[],
  batches: readonly SampledBatch[],
  { images, rows, keepsPixels }: { readonly images: Images; readonly rows: Rows; readonly keepsPixels: boolean },
): Promise<void> {
  const session = await openSession(healing.targetsGraph(original, sampled), { provider: images.context.provider });
  try {
    let next = 0;
    for await (const image of pixels(images, rows)) {
      const batch = batches[next++]!;
      const feeds: Record<string, Dense> = { [images.spec.name]: image };
      for (const [node, chosen] of batch.positions) feeds[healing.feeds.positions(node)] = asIndices(chosen);
      const results = await session.run(feeds);
      for (const { site } of sampled) {
        batch.targets.set(site.node, results[healing.sums.targets(site.node)]!.data as Float32Array);
      }
      if (keepsPixels) batch.stored.set(images.spec.name, { ...image, data: (image.data as Float32Array).slice() });
    }
  } finally {
    await session.release();
  }
}

/** Bytes of float32 that so many values of every image take. */
function bytesOf({ train, validation }: Rows, sizes: readonly number[]): number {
  return 4 * (train.length + validation.length) * sizes.reduce((sum, size) => sum + size, 0);
}

function nodesOf(units: readonly healing.Unit[]): ReadonlySet<string> {
  return new Set(units.flatMap(({ sites }) => sites.map(({ node }) => node)));
}

function healedLayer(
  { node, op }: healing.Site,
  { sites, unknowns }: healing.Unit,
  { weights, biases, ridge, before, after }: healing.Refit,
): HealedLayer {
  const others = sites.flatMap((site) => (site.node === node ? [] : [site.node]));
  const notes = [
    unknowns.note,
    others.length > 0 ? `healed together with ${others.join(', ')}, whose weights it shares` : null,
    biases
      ? weights
        ? null
        : 'other weights do no better on validation: its bias alone was healed'
      : 'as it was cut: nothing does better on validation',
  ].filter((note) => note !== null);
  const fitted = unknowns.count > 0;
  return {
    ...{ layer: node, op, unknowns: unknowns.count, ridge, before, after },
    note: notes.length > 0 ? notes.slice(0, fitted ? undefined : 1).join('; ') : null,
  };
}

function leftLayer(layer: string, op: string, reason: string): HealedLayer {
  return { layer, op, unknowns: 0, ridge: null, before: 0, after: 0, note: `left as it was cut: ${reason}` };
}

function inOrder(model: ModelProto, layers: readonly HealedLayer[]): HealedLayer[] {
  const order = new Map(new Graph(model).topological().map((node, i) => [node.name, i]));
  return [...layers].sort((a, b) => order.get(a.layer)! - order.get(b.layer)!);
}
