import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { costs, declaredShapes, encodeModel, vggStyle, withDeclaredShapes } from '@kneepoint/onnx';
import { type ArtifactStore, openStore, readConfig, type ServiceParts, type StepContext } from '@kneepoint/platform';
import type { BenchmarkInput, BenchmarkOutput } from '@kneepoint/workflow';
import { tinyNet } from '@kneepoint/workflow/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { benchmark } from './benchmark.ts';

let folder: string;
let store: ArtifactStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-benchmark-'));
  store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, { baseUrl: () => '', signingKey: 'k' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(input: BenchmarkInput): Promise<BenchmarkOutput> {
  const parts = { config: readConfig({ KNEEPOINT_DATA_DIR: folder }) } as unknown as ServiceParts;
  const context = { input, store, signal: new AbortController().signal, progress: () => undefined };
  return (await benchmark(parts)(context as unknown as StepContext)).output as BenchmarkOutput;
}

it('networks are timed against each other, counted, and told apart although they have the same name', async () => {
  const { model, shapes } = tinyNet();
  const large = vggStyle({ widths: [64, 64, 64], size: 48, seed: 1 });
  const [small, other] = await Promise.all([store.put(encodeModel(model)), store.put(encodeModel(large))]);
  const { networks, provider } = await run({
    networks: [
      { name: 'net', sha256: small.sha256 },
      { name: 'net', sha256: other.sha256 },
    ],
    batch: 2,
    runs: 5,
  });
  expect(provider).toBe('cpu');
  expect(networks.map(({ sha256, bytes }) => [sha256, bytes])).toEqual([
    [small.sha256, small.bytes],
    [other.sha256, other.bytes],
  ]);
  const counted = costs(model, declaredShapes(withDeclaredShapes(model, shapes)));
  expect(networks[0]).toMatchObject({ parameters: counted.parameters, macs: counted.macs });
  // A hundred times the multiply-accumulates.
  expect(networks[1]!.latencyMs.p50).toBeGreaterThan(networks[0]!.latencyMs.p50);
  expect(networks[1]!.layers!.map(({ name }) => name)).toEqual(expect.arrayContaining(['conv1', 'conv2', 'conv3']));
  for (const { latencyMs, imagesPerSecond, layers } of networks) {
    expect(layers!.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(latencyMs.p50, 6);
    expect(imagesPerSecond).toBeCloseTo(2000 / latencyMs.p50, 6);
    expect(latencyMs.p95).toBeGreaterThanOrEqual(latencyMs.p50);
  }
});

it('bytes that are no network are refused', async () => {
  const { sha256 } = await store.put(Buffer.from('no network'));
  await expect(run({ networks: [{ name: 'x', sha256 }], batch: 1, runs: 5 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(MODEL|ONNX)_/) as string,
  });
});
