import { env, InferenceSession, Tensor } from 'onnxruntime-web';
import { beforeAll, describe, expect, it } from 'vitest';
import { NETWORKS } from './networks.ts';
import { difference, type Pair, pairs, type Side } from './pairs.ts';

const made = new Map<string, Pair>();
beforeAll(async () => {
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  for (const pair of await pairs()) made.set(pair.name, pair);
});

async function inBrowser({ bytes }: Side, { dims, image }: Pair): Promise<Record<string, Float32Array>> {
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const results = await session.run({ [session.inputNames[0]!]: new Tensor('float32', image, dims) });
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

describe('ONNX Runtime for browsers answers as the one that proved it', () => {
  it.each(Object.keys(NETWORKS))('%s, before and after', async (name) => {
    const pair = made.get(name)!;
    expect(pair.pruned.bytes.length).toBeLessThan(pair.original.bytes.length);
    for (const side of [pair.original, pair.pruned]) {
      expect(difference(side.answers, await inBrowser(side, pair))).toBeLessThan(1e-3);
    }
  });
});
