import type { ModelProto } from '@kneepoint/onnx';
import { healing } from '@kneepoint/pruning';
import { type Dense, openSession, type Session } from '@kneepoint/runtime';
import type { Images } from '../run-over.ts';
import { asIndices, type Part, pixels, type Rows, type SampledBatch } from './sampled-batches.ts';

export interface Measuring {
  /** The cut network as healed so far. */
  readonly model: ModelProto;
  readonly units: readonly healing.Unit[];
  /** Output positions of an image, by node. */
  readonly positions: ReadonlyMap<string, number>;
  /** Values that the batches hold, with their dimensions; empty where the network starts from pixels decoded anew. */
  readonly sources: ReadonlyMap<string, readonly (number | string)[]>;
  /** Values from which to go on after this, empty where they shall not be kept. */
  readonly values: readonly string[];
}

/** What is looked at. */
export interface Sampling {
  readonly images: Images;
  readonly rows: Rows;
  /** Images of a batch. */
  readonly size: number;
  readonly batches: readonly SampledBatch[];
}

export interface MeasuredUnits {
  /** One for each unit. */
  readonly statistics: readonly Readonly<Record<Part, healing.Statistics>>[];
  /** Values that the batches hold now; undefined where they hold what they held. */
  readonly stored: ReadonlyMap<string, readonly (number | string)[]> | undefined;
}

interface SiteInProgress {
  readonly site: healing.Site;
  readonly unknowns: number;
  readonly pilots: healing.Pilots;
  readonly statistics: Readonly<Record<Part, healing.Statistics>>;
}

/** Runs the cut network over all batches for the statistics of some units that do not depend on each other. */
export async function measureUnits(
  { model, units, positions, sources, values }: Measuring,
  { images, rows, size, batches }: Sampling,
): Promise<MeasuredUnits> {
  const fitted = units.flatMap(({ sites, unknowns }) =>
    sites.map((site) => ({ site, unknowns, positions: positions.get(site.node)! })),
  );
  const wanted = values.filter((value) => !sources.has(value) && value !== images.spec.name);
  const open = (outputs: readonly string[]): Promise<Session> =>
    openSession(healing.statisticsGraph(model, fitted, { sources, values: outputs }), {
      provider: images.context.provider,
    });
  let session = await open(wanted);
  // The batches hold float32: a network of another type is run from its pixels.
  let keeps = values.length > 0 && (sources.size > 0 || !values.includes(images.spec.name));
  if (keeps && session.outputs.some(({ name, type }) => wanted.includes(name) && type !== 'float32')) {
    await session.release();
    keeps = false;
    session = await open([]);
  }
  const dims = new Map<string, readonly (number | string)[]>();
  try {
    let states: SiteInProgress[] | undefined;
    for await (const [batch, pixelsOfBatch] of inputs(
      batches,
      sources.size > 0 ? undefined : pixels(images, rows, size),
    )) {
      images.context.signal.throwIfAborted();
      const given = feedsOf(batch, fitted, pixelsOfBatch ? { [images.spec.name]: pixelsOfBatch } : {});
      states ??= await startingStates(session, fitted, given);
      for (const { site, pilots } of states) Object.assign(given, pilotFeeds(site, pilots));
      const results = await session.run(given);
      for (const state of states) add(state, batch, results);
      if (!keeps) continue;
      const stored = new Map<string, Dense>();
      for (const value of values) stored.set(value, results[value] ?? batch.stored.get(value)!);
      batch.stored = stored;
      for (const [value, { dims: own }] of stored) dims.set(value, free(value, own));
    }
    return {
      statistics: units.map(({ sites }) => statisticsOf(states!, sites)),
      stored: keeps ? dims : undefined,
    };
  } finally {
    await session.release();
  }
}

/** Any axis of a stored value may follow the batch. */
function free(value: string, dims: readonly number[]): readonly string[] {
  return dims.map((_, axis) => `${value}/${axis}`);
}

async function* inputs(
  batches: readonly SampledBatch[],
  decoded: AsyncGenerator<Dense> | undefined,
): AsyncGenerator<readonly [SampledBatch, Dense | undefined]> {
  if (!decoded) {
    for (const batch of batches) yield [batch, undefined];
    return;
  }
  let next = 0;
  for await (const image of decoded) yield [batches[next++]!, image];
}

function feedsOf(
  batch: SampledBatch,
  fitted: readonly healing.Fitted[],
  pixelsOfBatch: Readonly<Record<string, Dense>>,
): Record<string, Dense> {
  const given: Record<string, Dense> = { ...Object.fromEntries(batch.stored), ...pixelsOfBatch };
  for (const { site } of fitted) {
    const { node, layout } = site;
    const { groups, filters, reading } = layout;
    const chosen = batch.positions.get(node)!;
    const targets = batch.targets.get(node)!;
    given[healing.feeds.positions(node)] = asIndices(chosen);
    given[healing.sums.targets(node)] = { data: targets, dims: [groups, targets.length / (groups * filters), filters] };
    if (reading.kind !== 'map' || !reading.window) continue;
    const { index, inside } = healing.tapsAt(reading.window, chosen);
    given[healing.feeds.taps(node)] = { data: index, dims: [index.length] };
    given[healing.feeds.inside(node)] = { data: inside, dims: [inside.length] };
  }
  return given;
}

function pilotFeeds({ node, layout }: healing.Site, { read, missed }: healing.Pilots): Record<string, Dense> {
  const { groups, filters } = layout;
  return {
    [healing.sums.pilot(node)]: { data: read, dims: [groups, 1, read.length / groups] },
    [healing.sums.targetPilot(node)]: { data: missed, dims: [groups, 1, filters] },
  };
}

/** The means of the first batch are the pilots of all: sums about them keep the digits that a mean would eat. */
async function startingStates(
  session: Session,
  fitted: readonly healing.Fitted[],
  given: Readonly<Record<string, Dense>>,
): Promise<SiteInProgress[]> {
  const zeros = fitted.map(({ site, unknowns }) => pilotFeeds(site, healing.pilotsOf(site.layout, unknowns.count)));
  const means = fitted.map(({ site }) => healing.sums.means(site.node));
  const results = await session.run(Object.assign({}, given, ...zeros) as Record<string, Dense>, means);
  return fitted.map(({ site, unknowns }, i): SiteInProgress => {
    const pilots = healing.pilotsOf(site.layout, unknowns.count, results[means[i]!]!.data as Float32Array);
    const statistics = { train: healing.emptyStatistics(pilots), validation: healing.emptyStatistics(pilots) };
    return { site, unknowns: unknowns.count, pilots, statistics };
  });
}

function add(
  { site, statistics }: SiteInProgress,
  batch: SampledBatch,
  results: Readonly<Record<string, Dense>>,
): void {
  const { node, layout } = site;
  const targets = batch.targets.get(node)!;
  const of = (name: string): Float32Array | undefined => results[name]?.data as Float32Array | undefined;
  const products = of(healing.sums.products(node));
  healing.addMeasured(statistics[batch.part], {
    rows: targets.length / (layout.groups * layout.filters),
    targets,
    means: of(healing.sums.means(node))!,
    squares: of(healing.sums.squares(node))!,
    ...(products ? { products } : {}),
  });
}

/** The statistics of a unit: those of its sites together. */
function statisticsOf(
  states: readonly SiteInProgress[],
  sites: readonly healing.Site[],
): Readonly<Record<Part, healing.Statistics>> {
  const [first, ...others] = sites.map((site) => states.find((state) => state.site === site)!.statistics);
  for (const other of others) {
    healing.mergeStatistics(first!.train, other.train);
    healing.mergeStatistics(first!.validation, other.validation);
  }
  return first!;
}
