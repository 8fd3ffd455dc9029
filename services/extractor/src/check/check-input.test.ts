import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePng, type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { floatTensor, GraphBuilder, type ModelProto, seededRandom } from '@kneepoint/onnx';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkInput } from './check-input.ts';
import { firstLook } from './first-look.ts';
import { type Moments, valueMoments } from './measure.ts';
import { montage } from './montage.ts';

const SIZE = { channels: 3, height: 16, width: 16 };
const AREA = SIZE.height * SIZE.width;
const FILTERS = 12;

/** Pictures of warm colours: red is brighter than green, green than blue, each with light of its own. */
function pictures(count: number, seed: number, grey = false): Uint8Array[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const light = 0.6 + 0.4 * random.uniform();
    const out = new Uint8Array(AREA * 3);
    for (let i = 0; i < AREA; i += 1) {
      const own = 0.3 * random.uniform() - 0.15;
      [200, 140, 80].forEach((level, band) => {
        const value = light * (grey ? 140 : level) * (1 + own) + (grey ? 0 : 30 * (random.uniform() - 0.5));
        out[i * 3 + band] = Math.min(255, Math.max(0, Math.round(value)));
      });
    }
    return out;
  });
}

/** A convolution and a batch normalisation; statistics as given, else mean 0 and variance 1. */
function network(statistics?: Moments): ModelProto {
  const g = new GraphBuilder();
  const random = seededRandom(5);
  const weight = Float32Array.from({ length: FILTERS * 27 }, () => random.uniform() - 0.5);
  const sums = g.conv(g.input('x', ['N', 3, 16, 16]), floatTensor([FILTERS, 3, 3, 3], weight), { name: 'first' });
  const stored = (values: ArrayLike<number>): string => g.init(floatTensor([FILTERS], Float32Array.from(values)));
  const [one, zero] = [new Array<number>(FILTERS).fill(1), new Array<number>(FILTERS).fill(0)];
  const { mean, variance } = statistics ?? { mean: zero, variance: one };
  const normal = [sums, stored(one), stored(zero), stored(mean), stored(variance)];
  g.output(g.globalAveragePool(g.relu(g.node('BatchNormalization', normal, {}, 'bn'))), ['N', FILTERS, 1, 1]);
  return g.build();
}

/** The network as if it had been trained on such pictures, prepared so. */
async function trained(preprocess: Preprocess): Promise<ModelProto> {
  const asked = { pictures: pictures(24, 1), readings: [preprocess], size: SIZE };
  const [halves] = (await valueMoments(network(), 'first', asked))!;
  return network(halves![0]);
}

const check = (model: ModelProto, preprocess: Preprocess, shown = pictures(16, 2), bytes = false) =>
  checkInput({ model, pictures: shown, preprocess, size: SIZE, bytes });

const plain = (channels: 'rgb' | 'bgr', most: 1 | 255): Preprocess =>
  validatePreprocess({ channels, range: [0, most], mean: [0], std: [1] });
const TORCHVISION = validatePreprocess({ preset: 'torchvision' });

describe('what a network gets', () => {
  it('is told by range, mean and spread of each channel, in the order of the network', async () => {
    const found = await check(network(), plain('bgr', 255));
    expect(found.channels.map(({ name }) => name)).toEqual(['blue', 'green', 'red']);
    const [blue, , red] = found.channels;
    expect(blue!.mean).toBeGreaterThan(50);
    expect(red!.mean - blue!.mean).toBeGreaterThan(60);
    expect([found.least >= 0, found.most <= 255, found.most > 150]).toEqual([true, true, true]);
    expect(found.findings).toEqual([]);
    expect(found.heldAgainst).toContain('nothing');
  });

  it.each([
    ['[0, 1] red first', plain('rgb', 1)],
    ['[0, 255] blue first', plain('bgr', 255)],
    ["ImageNet's mean and std", TORCHVISION],
  ])('is right where the network was trained so: %s', async (_, preprocess) => {
    const found = await check(await trained(preprocess), preprocess);
    expect(found.findings).toEqual([]);
    expect(found.heldAgainst).toContain('batch normalisation bn');
  });

  it.each([
    ['too large', plain('rgb', 1), plain('rgb', 255), 'range [0, 1], mean 0, std 1'],
    ['too small', plain('rgb', 255), plain('rgb', 1), 'range [0, 255], mean 0, std 1'],
    ['not standardised', TORCHVISION, plain('rgb', 1), 'range [0, 1], mean [0.485, 0.456, 0.406]'],
  ])('has another scale than in training: %s', async (_, before, now, named) => {
    const { findings } = await check(await trained(before), now);
    expect(findings.map(({ kind, clear }) => [kind, clear])).toEqual([['scale', true]]);
    expect(findings[0]!.message).toContain(named);
  });

  it.each([
    [plain('rgb', 1), plain('bgr', 1)],
    [plain('bgr', 255), plain('rgb', 255)],
  ])('has red and blue the other way round', async (before, now) => {
    const { findings } = await check(await trained(before), now);
    expect(findings.map(({ kind, clear }) => [kind, clear])).toEqual([['channels', true]]);
    expect(findings[0]!.message).toMatch(
      new RegExp(`channels ${before.channels} .* clearly better than ${now.channels}`),
    );
  });

  it('has both wrong, and both are named', async () => {
    const { findings } = await check(await trained(plain('bgr', 255)), plain('rgb', 1));
    expect(findings.map(({ kind }) => kind)).toEqual(['scale', 'channels']);
  });

  it('has no order of channels where every picture is grey, and its scale is named in the declared one', async () => {
    const grey = pictures(16, 2, true);
    const same = await check(await trained(plain('bgr', 1)), plain('rgb', 1), grey);
    expect(same.findings.filter(({ kind }) => kind === 'channels')).toEqual([]);
    const { findings } = await check(await trained(TORCHVISION), plain('rgb', 255), grey);
    expect(findings.map(({ kind }) => kind)).toEqual(['scale']);
    expect(findings[0]!.message).toContain('mean [0.485, 0.456, 0.406]');
  });

  it('has no other scale where the file takes bytes', async () => {
    const { findings } = await check(await trained(plain('rgb', 255)), plain('rgb', 255), pictures(16, 2), true);
    expect(findings).toEqual([]);
  });

  it('is not held against a normalisation that stores no statistics, as converters write a scale and a shift', async () => {
    expect((await check(network(), TORCHVISION)).heldAgainst).toContain('nothing');
  });

  it('is not held against statistics that lie behind many layers', async () => {
    const deep = (layers: number): ModelProto => {
      const g = new GraphBuilder();
      let value = g.input('x', ['N', 3, 16, 16]);
      for (let i = 0; i < layers; i += 1) {
        value = g.conv(value, floatTensor([3, 3, 1, 1], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 8)));
      }
      const stored = (...values: number[]): string => g.init(floatTensor([3], Float32Array.from(values)));
      const normal = [value, stored(1, 1, 1), stored(0, 0, 0), stored(1, 2, 3), stored(4, 5, 6)];
      g.output(g.node('BatchNormalization', normal, {}, 'bn'), ['N', 3, 16, 16]);
      return g.build();
    };
    expect((await check(deep(3), TORCHVISION)).heldAgainst).toContain('bn');
    expect((await check(deep(4), TORCHVISION)).heldAgainst).toContain('nothing');
  });

  it('is far from mean 0 and spread 1 though mean and std are declared', async () => {
    const wrong = validatePreprocess({ channels: 'rgb', range: [0, 255], mean: [120], std: [0.5] });
    const { findings } = await check(network(), wrong);
    expect(findings.map(({ kind, clear }) => [kind, clear])).toEqual([['statistics', true]]);
    expect(findings[0]!.message).toMatch(/red has mean .* and spread/);
  });
});

describe('a network without normalisations', () => {
  const biased = (scale: number): ModelProto => {
    const g = new GraphBuilder();
    const random = seededRandom(7);
    const weight = Float32Array.from({ length: FILTERS * 27 }, () => (random.uniform() - 0.5) * scale);
    const bias = floatTensor(
      [FILTERS],
      Float32Array.from({ length: FILTERS }, () => random.uniform() - 0.5),
    );
    const sums = g.conv(g.input('x', ['N', 3, 16, 16]), floatTensor([FILTERS, 3, 3, 3], weight), {
      bias,
      name: 'first',
    });
    g.output(g.globalAveragePool(g.relu(sums)), ['N', FILTERS, 1, 1]);
    return g.build();
  };

  it('is fed too little where its first biases outweigh every picture, and may be fed too much the other way', async () => {
    expect((await check(biased(1), plain('rgb', 1))).findings).toEqual([]);
    expect((await check(biased(1 / 255), plain('rgb', 255))).findings).toEqual([]);
    const [small] = (await check(biased(1 / 255), plain('rgb', 1))).findings;
    expect(small).toMatchObject({ kind: 'scale', clear: true });
    expect(small!.message).toContain('layer first');
    const [large] = (await check(biased(5), plain('rgb', 255))).findings;
    expect(large).toMatchObject({ kind: 'scale', clear: false });
  });
});

it('is warned of in an extraction where it is clear, by the images of the job alone', async () => {
  const shown = await Promise.all(pictures(8, 2).map((pixels) => encodePng(pixels, SIZE.width, SIZE.height, 3)));
  const dataset = { manifest: { images: shown.map((_, i) => `${i}.png`) }, read: (i: number) => shown[i]! };
  const asked = (preprocess: Preprocess) => ({ preprocess, from: 2, to: 8 });
  const source = dataset as unknown as Parameters<typeof firstLook>[1];
  const model = await trained(plain('rgb', 255));
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-look-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const right = await firstLook(model, source, asked(plain('rgb', 255)), folder);
  expect(right.warnings).toEqual([]);
  // Three of the job's six images, as a network that reads red first gets them.
  expect(right.samples.map(({ image }) => image)).toEqual(['3.png', '5.png', '7.png']);
  expect(right.samples[0]!.shows).toEqual(['the picture', 'red', 'green', 'blue']);
  const { path } = right.samples[0]!;
  const wanted = await montage(pictures(8, 2)[3]!, plain('rgb', 255), SIZE);
  expect(await readFile(path)).toEqual(wanted);
  const wrong = await firstLook(model, source, asked(plain('rgb', 1)), folder);
  expect(wrong.warnings).toEqual([expect.stringContaining('with range [0, 255], mean 0, std 1') as string]);
});
