import { vggStyle } from '@kneepoint/onnx';
import { shapesOf } from '@kneepoint/runtime';
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

/** Searches, and says which networks were planned. */
async function search(target: SizeTarget, overrides: Partial<typeof context> = {}) {
  const asked: number[] = [];
  const planAt = (atMost: number): PlannedCompression => {
    asked.push(atMost);
    return planCompression({
      ...{ model, shapes, layer: layers[2]!, tasks: [{ task: 'yaw', curves }] },
      head: { name: 'head', outputName: 'yaw', weights: new Float64Array(WIDTHS[2]), bias: new Float64Array(1) },
      options: { target: { kind: 'macs', atMost }, criterion: 'lasso', roundTo: 1 },
    });
  };
  return { asked, found: await searchLatency(model, target, planAt, { ...context, ...overrides }) };
}

it('finds a network that was timed and fast enough, smaller than one that was too slow', async () => {
  const { asked, found } = await search({ kind: 'latency', remove: 0.5 });
  expect(found.after).toBeLessThanOrEqual(0.5 * found.before);
  const { before, after } = found.planned;
  expect(after.macs).toBeLessThan(0.9 * before.macs);
  expect(asked.length).toBeLessThanOrEqual(8);
});

it('leaves the network whole that is fast enough as it is, after one measurement', async () => {
  const { asked, found } = await search({ kind: 'latency', atMost: 60_000 });
  expect(asked).toHaveLength(1);
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
