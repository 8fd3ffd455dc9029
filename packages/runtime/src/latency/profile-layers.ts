import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Graph, type ModelProto } from '@kneepoint/onnx';
import { openSession } from '../session/open-session.ts';
import { type LatencyModel, type LatencyOptions, noiseFor } from './measure-latency.ts';
import { summarize } from './summarize.ts';

export interface ProfiledNetwork extends Pick<LatencyModel, 'name' | 'size'> {
  readonly model: ModelProto;
  /** Names of the nodes that time is told of. */
  readonly layers: ReadonlySet<string>;
}

export interface LayerShare {
  readonly layer: string;
  /** Of the time in operators, 0 to 1. */
  readonly share: number;
}

/** What ONNX Runtime writes of an operator that ran, or of a whole run; microseconds. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
}

const RUNS = 20;
const WARMUP = 3;
/** What ONNX Runtime adds to the names of operators that it has put together or laid out anew. */
const ADDED = /(_kernel_time|_token_\d+|_nchwc)+$/;

/**
 * Which share of a run each layer takes, with all that follows it until the next one, by ONNX Runtime's own profile of the network as it runs it:
 * fused and laid out anew. Layers in graph order. Nothing where a card does the work: there the profile has only the time to start it. Throws as
 * `measureLatency`.
 */
export async function profileLayers(
  { model, layers, size }: ProfiledNetwork,
  { batch = 1, runs = RUNS, warmup = WARMUP, signal, ...sessionOptions }: LatencyOptions = {},
): Promise<readonly LayerShare[]> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-profile-'));
  try {
    const session = await openSession(model, { ...sessionOptions, profile: join(folder, 'profile') });
    try {
      if (session.provider !== 'cpu') return [];
      const feeds = Object.fromEntries(session.inputs.map((input) => [input.name, noiseFor(input, batch, size)]));
      for (let run = 0; run < warmup + runs && signal?.aborted !== true; run++) await session.run(feeds);
    } finally {
      // The profile is written as the session ends.
      await session.release();
    }
    const [file] = await readdir(folder);
    if (file === undefined) return [];
    const events = JSON.parse(await readFile(join(folder, file), 'utf8')) as readonly ProfileEvent[];
    return sharesOf(events, layersOf(new Graph(model), layers), warmup);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The layer at or last before each node, by names of nodes and of the values that they make; null before the first. */
function layersOf(graph: Graph, layers: ReadonlySet<string>): ReadonlyMap<string, string | null> {
  const order = graph.topological();
  const before = new Map<string, number>();
  const found = new Map<string, string | null>();
  order.forEach((node, at) => {
    const name = graph.nodeName(node);
    const last = Math.max(-1, ...node.input.map((value) => before.get(value) ?? -1));
    const own = layers.has(name) ? at : last;
    for (const value of node.output) before.set(value, own);
    const layer = own < 0 ? null : graph.nodeName(order[own]!);
    // A value and a node can be called the same: what fused operators are called by, the value, comes first.
    for (const called of [name, ...node.output]) found.set(called, layer);
  });
  return found;
}

function sharesOf(
  events: readonly ProfileEvent[],
  layers: ReadonlyMap<string, string | null>,
  warmup: number,
): readonly LayerShare[] {
  const runs = events.filter(({ name }) => name === 'model_run').slice(warmup);
  const operators = events
    .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
    .toSorted((a, b) => a.ts - b.ts || b.dur - a.dur);
  const times = new Map<string | null, number[]>();
  for (const run of runs) {
    const own = operators.filter(({ ts }) => ts >= run.ts && ts <= run.ts + run.dur);
    for (const [layer, time] of timesOf(own, layers)) {
      const known = times.get(layer);
      if (known) known.push(time);
      else times.set(layer, [time]);
    }
  }
  const medians = [...times].map(([layer, own]) => ({ layer, time: summarize(own).p50 }));
  const whole = medians.reduce((sum, { time }) => sum + time, 0);
  const shares = new Map(medians.map(({ layer, time }) => [layer, whole === 0 ? 0 : time / whole]));
  return [...new Set(layers.values())].flatMap((layer) => {
    const share = shares.get(layer);
    return layer === null || share === undefined ? [] : [{ layer, share }];
  });
}

/** Microseconds of one run, by layer. */
function timesOf(
  operators: readonly ProfileEvent[],
  layers: ReadonlyMap<string, string | null>,
): ReadonlyMap<string | null, number> {
  const times = new Map<string | null, number>();
  let end = -1;
  let layer: string | null = null;
  for (const { name, ts, dur } of operators) {
    // What runs within an If or a Loop is part of its time.
    if (ts < end) continue;
    end = ts + dur;
    const called = name.replace(ADDED, '');
    // What it is known by nowhere, such as a change of layout, belongs to what ran before.
    layer = layers.get(called) ?? layers.get(called.replace(/^fused /, '')) ?? layer;
    times.set(layer, (times.get(layer) ?? 0) + dur);
  }
  return times;
}
