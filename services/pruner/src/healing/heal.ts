import { Failure } from '@kneepoint/failures';
import { cloneModel, elementCount, Graph, type ModelProto } from '@kneepoint/onnx';
import { healing } from '@kneepoint/pruning';
import { type Dense, openSession } from '@kneepoint/runtime';
import type { Images } from '../run-over.ts';
import { type HealedLayer, healedLayer, inOrder } from './healed-layer.ts';
import { measureUnits, type Sampling } from './measure-units.ts';
import {
  asIndices,
  chosenRows,
  emptyBatches,
  imagesAtOnce,
  pixels,
  positionsOf,
  type Rows,
  type SampledBatch,
} from './sampled-batches.ts';

const STORED_BYTES = 512e6;

export interface HealRequest extends healing.HealingRequest, HealOptions {}

export interface HealOptions {
  /** Draws images and positions. Default 0. */
  readonly seed?: number;
  /** Bytes of values from which the cut network is taken up again; where they would be more, it starts further back. Default 512 MB. */
  readonly storedBytes?: number;
}

export interface Healed {
  readonly model: ModelProto;
  /** Layers that were fitted, in the order of the network. */
  readonly layers: readonly HealedLayer[];
  /** Layers that read what has changed and are as they were cut, and why. */
  readonly left: readonly healing.LeftLayer[];
}

/**
 * The cut network with the weights of every layer that lost inputs, or reads what has changed, fitted anew to the answers that the same
 * filters gave in the original: ridge least squares towards the cut weights, front to back, each layer in the network as healed so far
 * (relatives: He, Zhang, Sun 2017, "Channel pruning for accelerating very deep neural networks"). The original runs once, the cut network
 * about once: each step takes it up where the last one ended. The same seed, images and networks give the same weights.
 * Throws RUNTIME_CANCELED and what `prune` and the runtime throw.
 */
export async function heal(request: HealRequest, images: Images, parts: Rows): Promise<Healed> {
  const [healed] = await healAll([request], request, images, parts);
  return healed!;
}

/** The same for several cuts of one network, which runs once for all of them. */
export async function healAll(
  requests: readonly healing.HealingRequest[],
  { seed = 0, storedBytes = STORED_BYTES }: HealOptions,
  images: Images,
  parts: Rows,
): Promise<Healed[]> {
  const rows = chosenRows(parts, seed);
  const cuts = requests.map((request): Cut => ({ cut: request.cut, found: healing.healingUnits(request) }));
  const sites = cuts.map(({ found }) => found.units.flatMap((unit) => unit.sites));
  if (rows.train.length === 0 || sites.every(({ length }) => length === 0)) return cuts.map(asCut);
  const positions = positionsOf(sites.flat(), rows);
  const sampled = sites.map((own) => own.map((site) => ({ site, positions: positions.get(site.node)! })));
  const size = imagesAtOnce(images, requests[0]!.shapes);
  const { channels, height, width } = images.spec;
  const keepsPixels = bytesOf(rows, [channels * height * width]) <= storedBytes;
  const batches = emptyBatches(rows, sampled, { size, seed });
  if (images.context.signal.aborted) throw canceled();
  await readTargets(cuts[0]!.found.original, sampled, { images, rows, size, batches, keepsPixels });
  const healed: Healed[] = [];
  for (const [i, cut] of cuts.entries()) {
    healed.push(await healCut(cut, { images, rows, size, batches: batches[i]!, positions, keepsPixels, storedBytes }));
  }
  return healed;
}

interface Cut {
  readonly cut: ModelProto;
  readonly found: healing.HealingUnits;
}

interface CutScene extends Sampling {
  readonly positions: ReadonlyMap<string, number>;
  /** Whether the batches hold them; else they are decoded anew. */
  readonly keepsPixels: boolean;
  readonly storedBytes: number;
}

function asCut({ cut, found }: Cut): Healed {
  return { model: cloneModel(cut), layers: [], left: inOrder(cut, found.left) };
}

function canceled(): Failure {
  return new Failure('RUNTIME_CANCELED', 'canceled while healing');
}

async function healCut({ cut, found }: Cut, scene: CutScene): Promise<Healed> {
  const { images, rows, size, batches, positions, keepsPixels, storedBytes } = scene;
  const { name, channels, height, width } = images.spec;
  const model = cloneModel(cut);
  const layers: HealedLayer[] = [];
  const left = [...found.left];
  const total = found.units.reduce((sum, { sites }) => sum + sites.length, left.length);
  const progress = (): void => {
    if (images.context.signal.aborted) throw canceled();
    images.context.progress({ done: layers.length + left.length, total, unit: 'layers', message: 'healing' });
  };
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
      const reason = 'it reads what a layer of the same weights gives';
      left.push(...stuck.sites.map(({ node, op }) => ({ layer: node, op, reason })));
      continue;
    }
    const values = healing.frontier(graph, settled, nodesOf(open), (value) => found.carriesData(value));
    const sizes = values.map((value) => {
      const dims = value === name ? [channels, height, width] : found.cutShapes.get(value);
      return dims ? elementCount(dims) : Infinity;
    });
    const last = ready.length === open.length;
    const { statistics, stored } = await measureUnits(
      { model, units: ready, positions, sources, values: !last && bytesOf(rows, sizes) <= storedBytes ? values : [] },
      { images, rows, size, batches },
    );
    if (stored) sources = new Map(stored);
    ready.forEach((unit, i) => {
      const { train, validation } = statistics[i]!;
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
  // The next cut has values of its own to hold.
  for (const batch of batches) batch.stored.clear();
  return { model, layers: inOrder(model, layers), left: inOrder(model, left) };
}

/** Runs the original once and leaves its sampled answers, and the pixels where they are kept, with the batches of every cut. */
async function readTargets(
  original: ModelProto,
  sampled: readonly (readonly healing.Sampled[])[],
  {
    images,
    rows,
    size,
    batches,
    keepsPixels,
  }: Omit<CutScene, 'batches' | 'positions' | 'storedBytes'> & {
    readonly batches: readonly (readonly SampledBatch[])[];
  },
): Promise<void> {
  const session = await openSession(healing.targetsGraph(original, sampled), { provider: images.context.provider });
  try {
    let next = 0;
    for await (const image of pixels(images, rows, size)) {
      const own = batches.map((ofCut) => ofCut[next]!);
      next += 1;
      const feeds: Record<string, Dense> = { [images.spec.name]: image };
      for (const [node, chosen] of own[0]!.positions) feeds[healing.feeds.positions(node)] = asIndices(chosen);
      const results = await session.run(feeds);
      const kept = keepsPixels ? { ...image, data: (image.data as Float32Array).slice() } : undefined;
      own.forEach((batch, cut) => {
        for (const { site } of sampled[cut]!) {
          batch.targets.set(site.node, results[healing.sums.targets(site.node, cut)]!.data as Float32Array);
        }
        if (kept) batch.stored.set(images.spec.name, kept);
      });
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
