import { describe, expect, it } from 'vitest';
import { DataType, encodeModel, GraphBuilder, vggStyle } from '@kneepoint/onnx';
import { declaredFile, measureDeclared } from './measure-declared.ts';
import { measureLatency } from './measure-latency.ts';
import { summarize } from './summarize.ts';

const small = vggStyle({ widths: [4], size: 32, seed: 1 });
const large = vggStyle({ widths: [48, 48, 48], size: 32, seed: 1 });

describe('latency', () => {
  it('of a network a hundred times as heavy is longer, whichever comes first', async () => {
    for (const models of [
      [
        { name: 'small', model: small },
        { name: 'large', model: encodeModel(large) },
      ],
      [
        { name: 'large', model: large },
        { name: 'small', model: small },
      ],
    ]) {
      const found = await measureLatency(models, { runs: 10, warmup: 2, batch: 2 });
      expect(Object.keys(found)).toEqual(models.map(({ name }) => name));
      expect(found['large']!.p50).toBeGreaterThan(2 * found['small']!.p50);
      for (const { p50, p95, mean } of Object.values(found)) {
        expect(p50).toBeGreaterThan(0);
        expect(p95).toBeGreaterThanOrEqual(p50);
        expect(mean).toBeGreaterThan(0);
      }
    }
  });

  it('cannot be measured at a batch that the model does not take, or without runs', async () => {
    const fixed = vggStyle({ widths: [4], size: 8, seed: 1 });
    const tensor = fixed.graph!.input[0]!.type!.value;
    if (tensor.case === 'tensorType') tensor.value.shape!.dim[0]!.value = { case: 'dimValue', value: 4n };
    await expect(measureLatency([{ name: 'a', model: fixed }])).rejects.toMatchObject({
      code: 'RUNTIME_FEED_INVALID',
      message: 'the model takes float32 of [4, 3, 8, 8]',
      where: 'input image',
    });
    await expect(measureLatency([{ name: 'a', model: small }], { runs: 0 })).rejects.toMatchObject({
      message: 'runs is 0',
    });
    await expect(measureLatency([{ name: 'a', model: small }], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'RUNTIME_CANCELED',
    });
  });

  it('can be measured at the sizes that models declare, whatever comes first', async () => {
    const net = new GraphBuilder();
    const sum = net.node('Add', [net.input('x', [4, 6]), net.input('scalar', [])]);
    net.output(sum, [4, 6]);
    const found = await measureLatency(
      [
        { name: 'declared', model: net.build() },
        { name: 'free', model: small },
      ],
      { runs: 2, warmup: 0, batch: 'declared' },
    );
    expect(Object.keys(found)).toEqual(['declared', 'free']);
  });

  it('is that of the file as it is declared: bytes, half precision, any size of image', async () => {
    const bytes = new GraphBuilder();
    const x = bytes.node('Cast', [bytes.input('x', [2, 'H', 'W', 3], DataType.UINT8)], { to: DataType.FLOAT });
    bytes.output(bytes.relu(x), [2, 'H', 'W', 3]);
    const half = new GraphBuilder();
    half.output(half.relu(half.input('x', ['N', 4], DataType.FLOAT16)), ['N', 4], DataType.FLOAT16);
    const models = [
      { name: 'bytes', model: bytes.build(), size: { height: 6, width: 5 } },
      { name: 'half', model: half.build() },
    ];
    const found = await measureLatency(models, { runs: 2, warmup: 0, batch: 'declared' });
    expect(Object.keys(found)).toEqual(['bytes', 'half']);
    const { size: _unknown, ...open } = models[0]!;
    await expect(measureLatency([open], { batch: 'declared' })).rejects.toMatchObject({ where: 'input x' });
  });

  it('of a file that fixes its batch is that of one image', async () => {
    const many = vggStyle({ widths: [16, 16], size: 32, seed: 1 });
    const tensor = many.graph!.input[0]!.type!.value;
    if (tensor.case === 'tensorType') tensor.value.shape!.dim[0]!.value = { case: 'dimValue', value: 16n };
    const one = declaredFile('one', small, small);
    const all = declaredFile('all', many, many);
    expect([one.images, all.images]).toEqual([1, 16]);
    const times = await measureDeclared([all], { runs: 5 });
    const [whole] = Object.values(await measureLatency([{ name: 'all', model: many }], { runs: 5, batch: 'declared' }));
    expect(times['all']!.p50).toBeLessThan(whole!.p50 / 4);
  });

  it('is summed up by nearest rank', () => {
    expect(summarize([5])).toEqual({ p10: 5, p50: 5, p95: 5, mean: 5 });
    expect(summarize(Array.from({ length: 100 }, (_, i) => 100 - i))).toEqual({
      ...{ p10: 10, p50: 50, p95: 95, mean: 50.5 },
    });
  });
});
