import { costs, decodeModel, dimsOf, type ModelProto, vggStyle } from '@kneepoint/onnx';
import type { TimeTarget } from '@kneepoint/pruning';
import { measureLatency, shapesOf, type Timing } from '@kneepoint/runtime';
import { planCompression, type PlannedCompression, type SizeTarget } from '@kneepoint/workflow';
import { layersOf, syntheticCurve } from '@kneepoint/workflow/testing';
import { beforeAll, expect, it } from 'vitest';
import { searchLatency } from './search-latency.ts';

const WIDTHS = [24, 32, 32] as const;
const model = vggStyle({ widths: [...WIDTHS], size: 64, seed: 1 });
const layers = layersOf(model);
const curves = new Map(layers.map((layer, i) => [layer, syntheticCurve(WIDTHS[i]!, i + 1)]));
let shapes: ReadonlyMap<string, readonly number[]>;
beforeAll(async () => (shapes = await shapesOf(model)));

const context = { provider: 'cpu', signal: new AbortController().signal, progress: () => undefined } as const;

/** Searches, and says how many networks were timed. */
async function search(
  target: SizeTarget,
  overrides: Partial<typeof context> = {},
  clock = measureLatency,
  onPlan: (planned: PlannedCompression) => void = () => undefined,
) {
  let networks = 0;
  const planAt = (time?: TimeTarget): PlannedCompression => {
    const planned = planCompression({
      ...{ model, shapes, layer: layers[2]!, tasks: [{ task: 'yaw', curves }] },
      head: { name: 'head', outputName: 'yaw', weights: new Float64Array(WIDTHS[2]), bias: new Float64Array(1) },
      options: {
        target: time ? target : { kind: 'macs', atMost: Number.MAX_SAFE_INTEGER },
        ...{ criterion: 'lasso', roundTo: 4 },
      },
      ...(time ? { time } : {}),
    });
    onPlan(planned);
    return planned;
  };
  const counted: typeof measureLatency = (models, options) => {
    if (models.some(({ name }) => name === 'after')) networks++;
    return clock(models, options);
  };
  const found = await searchLatency({ model, target, planAt, multiple: 4 }, { ...context, ...overrides }, counted);
  return { networks, found };
}

/** A machine that takes so many microseconds for a thousand multiplications, more or less for networks than for layers, and some for the rest. */
function made(inNetworks: number, hindrance: (macs: number) => number = () => 1, least = 1): typeof measureLatency {
  return async (models) => {
    const entries = models.map(async ({ name, model: timed }): Promise<[string, Timing]> => {
      const network = timed instanceof Uint8Array ? decodeModel(timed) : (timed as ModelProto);
      const whole = ['before', 'after', 'whole'].includes(name);
      const { macs } = costs(network, whole ? await shapesOf(network) : declaredShapes(network));
      const time = hindrance(macs) * (0.01 + (whole ? inNetworks : 1) * 1e-6 * macs ** 1.02);
      return [name, { p10: least * time, p50: time, p95: time, mean: time }];
    });
    return Object.fromEntries(await Promise.all(entries));
  };
}

/** Of a single layer, which says what it reads and writes. */
function declaredShapes({ graph }: ModelProto): ReadonlyMap<string, readonly number[]> {
  return new Map([...graph!.input, ...graph!.output].map((value) => [value.name, dimsOf(value).map(Number)]));
}

it('finds a network that was timed and fast enough, smaller than one that was too slow', async () => {
  const { networks, found } = await search({ kind: 'latency', remove: 0.4 });
  expect(found.after).toBeLessThanOrEqual(0.6 * found.before);
  const { before, after } = found.planned;
  expect(after.macs).toBeLessThan(0.9 * before.macs);
  expect(found.forecast).toBeGreaterThan(0);
  // Six until one is found, and its rival of even widths.
  expect(networks).toBeLessThanOrEqual(7);
});

// Where layers take longer in the network than alone, the rest of the time is shared out by sizes, which is a guess.
it.each([
  [0.5, 1.25, 4],
  [1, 1.25, 4],
  [3, 3, 6],
])('meets a target in few networks, layers taking %f of the time that they take alone', async (pace, off, most) => {
  for (const remove of [0.3, 0.6, 0.9]) {
    const { networks, found } = await search({ kind: 'latency', remove }, {}, made(pace));
    expect(found.after).toBeLessThanOrEqual((1 - remove) * found.before);
    expect(found.after).toBeGreaterThan(0.75 * (1 - remove) * found.before);
    expect(found.forecast / found.after).toBeGreaterThan(1 / off);
    expect(found.forecast / found.after).toBeLessThan(off);
    expect(networks).toBeLessThanOrEqual(most);
    expect(found.networks).toBe(networks);
  }
});

it('delivers no candidate that is too slow', async () => {
  const target = { kind: 'latency', remove: 0.5 } as const;
  const even = new Set<number>();
  const noteEven = ({ candidates }: PlannedCompression): void => {
    for (const { widths, plan } of candidates) if (widths === 'even') even.add(plan.after.macs);
  };
  const fair = await search(target, {}, made(1), noteEven);
  expect(fair.found.planned.candidates.map(({ widths }) => widths)).toEqual(['damage', 'even']);
  for (const { plan, cost } of fair.found.planned.candidates) {
    const { before, after, forecast } = fair.found.byPlan.get(plan)!;
    expect(after).toBeLessThanOrEqual(0.5 * before);
    expect(forecast).toBe(cost);
  }

  const hindered = made(1, (macs) => (even.has(macs) ? 10 : 1));
  const { found } = await search(target, {}, hindered, noteEven);
  expect(found.planned.candidates.map(({ widths }) => widths)).toEqual(['damage']);
  expect(found.planned.plan).toBe(found.planned.candidates[0]!.plan);
  expect([...found.byPlan.keys()]).toEqual([found.planned.plan]);
});

it('judges by what a report tells: the median', async () => {
  const atMost = 40;
  const { found } = await search({ kind: 'latency', atMost }, {}, made(1, undefined, 0.5));
  const { macs } = found.planned.plan.after;
  expect(0.01 + 1e-6 * macs ** 1.02).toBeLessThanOrEqual(atMost);
});

it('leaves the network whole that is fast enough as it is, after it was so twice', async () => {
  const { networks, found } = await search({ kind: 'latency', atMost: 60_000 });
  expect(networks).toBe(2);
  expect(found.planned.plan.removedClasses).toEqual([]);
});

it('says how fast the fastest was when none is fast enough', async () => {
  await expect(search({ kind: 'latency', atMost: 1e-6 })).rejects.toMatchObject({
    code: 'PLAN_TARGET_UNREACHABLE',
    where: 'target',
    message: expect.stringMatching(
      /^no network reached latency ≤ 0.000001 ms: the fastest of \d+ took [\d.]+ ms/,
    ) as string,
  });
});

it('ends when it is canceled', async () => {
  await expect(search({ kind: 'latency', remove: 0.5 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'RUNTIME_CANCELED',
  });
});
