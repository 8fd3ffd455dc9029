import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeBatch } from './batch/free-batch.ts';
import { decodeModel, encodeModel } from './codec.ts';
import { costs } from './costs.ts';
import { inputSpec } from './input-spec.ts';
import { skeleton } from './skeleton.ts';
import { maxDifference, noise, runModel, shapesOf } from './testing/runtime.ts';
import { validateGraph } from './validate.ts';

const folder = process.env['KNEEPOINT_DATA'];

/** Parameters in millions as the models' own pages state them. */
const MODELS = [
  { file: 'head-pose-estimation-adas-0001', batch: 'free', millions: 1.911 },
  { file: 'slim-320', batch: 1, millions: 0.258 },
  { file: 'seetaface-onet', batch: 5, millions: undefined },
] as const;

describe.runIf(folder).each(MODELS)('$file', ({ file, batch, millions }) => {
  const bytes = folder ? readFileSync(join(folder, 'models', `${file}.onnx`)) : new Uint8Array();
  const model = folder ? decodeModel(bytes) : undefined!;
  const spec = folder ? inputSpec(model) : undefined!;
  const feeds = (images: number) => {
    const dims = [images, spec.channels, spec.height, spec.width];
    return {
      [spec.name]: {
        dims,
        data: noise([5, ...dims.slice(1)], 1).subarray(
          0,
          dims.reduce((a, b) => a * b, 1),
        ),
      },
    };
  };

  it('is valid and computes the same bits after decoding and encoding', async () => {
    validateGraph(model);
    expect(spec.batch).toBe(batch);
    const images = spec.batch === 'free' ? 2 : spec.batch;
    expect(await runModel(encodeModel(model), feeds(images))).toEqual(await runModel(bytes, feeds(images)));
  });

  it('takes any batch once it is freed, every image coming out as before', async () => {
    const free = freeBatch(model);
    expect(free).toMatchObject({ freed: true });
    const original = await runModel(bytes, feeds(spec.batch === 'free' ? 1 : spec.batch));
    for (const images of [1, 2, 5]) {
      const outputs = await runModel(free.model, feeds(images));
      for (const [name, { dims, data }] of Object.entries(outputs)) {
        expect(dims[0]).toBe(images);
        const expected = original[name]!.data;
        const shared = Math.min(expected.length, data.length);
        expect(maxDifference(data.subarray(0, shared), expected.subarray(0, shared))).toBeLessThan(1e-4);
      }
    }
  });

  it('costs the same as its skeleton, with the parameters that its authors state', async () => {
    const free = freeBatch(model).model;
    const shapes = await shapesOf(free, spec.name, [1, spec.channels, spec.height, spec.width]);
    const report = costs(free, shapes);
    expect(costs(skeleton(free), shapes)).toEqual(report);
    expect(report.uncounted).toEqual([]);
    if (millions !== undefined) expect(report.parameters / 1e6).toBeCloseTo(millions, 2);
  });
});
