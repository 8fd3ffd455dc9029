import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharp } from '../images/sharp.ts';
import { mapLimited } from '../map-limited.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, folderOf } from '../testing/folder.ts';
import { drawFace } from './draw-face.ts';
import { type Accessory, drawTruth, type FaceTruth } from './face-truth.ts';
import { Head } from './head.ts';
import { createPerson } from './person.ts';
import { Random } from './random.ts';
import { renderFace } from './render-face.ts';
import { renderFaces } from './render-faces.ts';
import { createScene } from './scene.ts';

describe('renderFaces', () => {
  it('writes a data set that reads without a remark, with the seven tasks and yaw', async () => {
    const folder = await folderOf();
    await renderFaces({ count: 300, seed: 3, size: 16, folder });
    const manifest = await readManifest(folder);
    expect(manifest.notes).toEqual([]);
    expect(manifest.tasks.map(({ name, type, targets }) => [name, type, targets.length])).toEqual([
      ['identity', 'categorical', 32],
      ['gender', 'binary', 1],
      ['facial_hair', 'multilabel', 5],
      ['accessories', 'multilabel', 5],
      ['age', 'ordered', 1],
      ['emotion', 'categorical', 7],
      ['head_pose', 'ordered', 2],
      ['yaw', 'continuous', 1],
    ]);
    expect(manifest.subject).toBe('identity');
    expect([manifest.splitBy['identity'], manifest.splitBy['age']]).toEqual(['row', 'group']);
    expectEveryBin(manifest);
  });

  it('depends on seed and index alone', async () => {
    const [few, many, other] = await Promise.all([folderOf(), folderOf(), folderOf()]);
    await renderFaces({ count: 12, seed: 5, folder: few });
    await renderFaces({ count: 20, seed: 5, folder: many });
    await renderFaces({ count: 12, seed: 6, folder: other });
    const [a, b, c] = await Promise.all(
      [few, many, other].map((folder) => readFile(join(folder, 'labels.csv'), 'utf8')),
    );
    expect(b?.startsWith(a ?? 'nothing')).toBe(true);
    expect(c).not.toBe(a);
    const hash = async (folder: string): Promise<string> =>
      createHash('sha256')
        .update(await readFile(join(folder, 'images/000011.png')))
        .digest('hex');
    expect(await hash(few)).toBe(await hash(many));
    expect(await hash(few)).not.toBe(await hash(other));
  });

  it('shows the same heads in the wild, and labels pitch and valence too', async () => {
    const folder = await folderOf();
    await renderFaces({ count: 40, seed: 3, size: 16, folder, wild: true });
    const { notes, tasks, labels } = await readManifest(folder);
    expect(notes).toEqual([]);
    expect(tasks.map(({ name }) => name).slice(-3)).toEqual(['yaw', 'pitch', 'valence']);
    const happy = [...labels['emotion']!].flatMap((value, i) =>
      value === 1 && i % 7 === 3 ? [Math.floor(i / 7)] : [],
    );
    for (const row of happy) expect(labels['valence']![row]).toBeGreaterThan(0.6);
    const face = { seed: 3, index: 5, persons: 32, size: 32 };
    const [studio, wild] = await Promise.all([renderFace(face), renderFace({ ...face, wild: true })]);
    expect(wild.truth).toEqual(studio.truth);
    expect(wild.png.equals(studio.png)).toBe(false);
  });

  it('leaves no manifest when it is stopped', async () => {
    const folder = await folderOf();
    const stop = new AbortController();
    const rendering = renderFaces({
      count: 50,
      seed: 1,
      folder,
      signal: stop.signal,
      onProgress: ({ done }) => done === 5 && stop.abort(new Error('enough')),
    });
    await expect(rendering).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual(['images']);
  });

  it.each([
    [{ count: 0 }, 'count is 0'],
    [{ seed: -1 }, 'seed is -1'],
    [{ size: 8 }, 'size is 8'],
    [{ persons: 7 }, 'persons is 7'],
  ])('refuses %o', async (change, message) => {
    const failure = await failureOf(renderFaces({ count: 1, seed: 1, folder: await folderOf(), ...change }));
    expect({ code: failure.code, message: failure.message }).toEqual({ code: 'DATASET_OPTION_INVALID', message });
  });

  it('says where it cannot write', async () => {
    const failure = await failureOf(renderFaces({ count: 1, seed: 1, folder: '/dev/null/faces' }));
    expect({ code: failure.code, where: failure.where }).toEqual({
      code: 'DATASET_NOT_WRITABLE',
      where: '/dev/null/faces',
    });
  });
});

function expectEveryBin(manifest: Manifest): void {
  const age = new Set([...(manifest.labels['age'] ?? [])].map((years) => Math.floor(years / 10)));
  expect([...age].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const pose = manifest.labels['head_pose'] ?? new Float64Array();
  const bin = (value: number, edge: number): number => (value < -edge ? 0 : value < edge ? 1 : 2);
  const poses = new Set<number>();
  for (let i = 0; i < pose.length; i += 2) poses.add(3 * bin(pose[i] ?? 0, 20) + bin(pose[i + 1] ?? 0, 10));
  expect(poses.size).toBe(9);
  for (const task of ['emotion', 'facial_hair', 'accessories', 'gender']) {
    const width = manifest.tasks.find(({ name }) => name === task)?.targets.length ?? 0;
    const labels = manifest.labels[task] ?? new Float64Array();
    for (let target = 0; target < width; target += 1) {
      const share =
        labels.filter((_, at) => at % width === target).reduce((sum, value) => sum + value, 0) /
        (labels.length / width);
      expect(share, `${task} ${target}`).toBeGreaterThan(0.05);
      expect(share, `${task} ${target}`).toBeLessThan(0.85);
    }
  }
}

describe('a drawn face', () => {
  const person = createPerson(1, 3);
  const base: FaceTruth = {
    ...drawTruth(new Random(1), 3, 'male'),
    age: 30,
    yaw: 0,
    pitch: 0,
    emotion: 'neutral',
    facialHair: new Set(['no_beard']),
    accessories: new Set(),
  };
  const pixels = (change: Partial<FaceTruth>): Promise<Buffer> => {
    const svg = drawFace(createScene(person, { ...base, ...change }, new Random(9)), 64);
    return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  };
  const difference = (a: Buffer, b: Buffer): number =>
    a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;

  it.each<[string, Partial<FaceTruth>]>([
    ['emotion', { emotion: 'happy' }],
    ['age', { age: 80 }],
    ['yaw', { yaw: 25 }],
    ['pitch', { pitch: 15 }],
    ['a goatee', { facialHair: new Set(['goatee']) }],
    ['a shadow', { facialHair: new Set(['five_o_clock_shadow']) }],
    ['sideburns', { facialHair: new Set(['sideburns']) }],
    ['a moustache', { facialHair: new Set(['moustache']) }],
    ...(['earrings', 'hat', 'necklace', 'necktie', 'eyeglasses'] as const).map(
      (accessory): [string, Partial<FaceTruth>] => [accessory, { accessories: new Set<Accessory>([accessory]) }],
    ),
  ])('shows %s', async (_, change) => {
    const before = await pixels({});
    expect(difference(before, await pixels({}))).toBe(0);
    expect(difference(before, await pixels(change))).toBeGreaterThan(0.2);
  });

  it('turns its nose to the side and up as the angles say', () => {
    const shape = { width: 24, height: 30, depth: 26, jaw: 2.5, centre: [0, 0] as const, roll: 0 };
    const nose = (yaw: number, pitch: number): { x: number; y: number } =>
      new Head({ ...shape, yaw, pitch }).at([0, 0.3]);
    expect(nose(40, 0).x).toBeGreaterThan(nose(0, 0).x + 10);
    expect(nose(-40, 0).x).toBeCloseTo(-nose(40, 0).x, 9);
    expect(nose(0, 25).y).toBeLessThan(nose(0, 0).y - 5);
    expect(new Head({ ...shape, yaw: 60, pitch: 0 }).shows([0.9, 0])).toBe(false);
  });

  it('is a PNG of the size asked for', async () => {
    const { png } = await renderFace({ seed: 1, index: 0, persons: 8, size: 48 });
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 48, height: 48, channels: 3 });
  });
});

describe('labels can be read off the pictures', () => {
  // A linear model on 16 x 16 grey pixels: far weaker than any network. By chance the correlation stays below 0.2.
  const count = 500;
  const features = new Array<Float64Array>(count);
  const truths = new Array<FaceTruth>(count);

  beforeAll(async () => {
    await mapLimited(count, 8, async (index) => {
      const { png, truth } = await renderFace({ seed: 11, index, persons: 32, size: 32 });
      const raw = await sharp(png).greyscale().resize(16, 16).raw().toBuffer();
      features[index] = Float64Array.from(raw, (value) => value / 255);
      truths[index] = truth;
    });
  });

  it.each(['yaw', 'pitch'] as const)('%s', (angle) => {
    expect(
      correlation(
        features,
        Float64Array.from(truths, (truth) => truth[angle]),
      ),
    ).toBeGreaterThan(0.35);
  });
});

/** Between the truth and a linear prediction on the 200 images that were not fitted. */
function correlation(features: readonly Float64Array[], truth: Float64Array): number {
  const train = features.length - 200;
  const width = features[0]?.length ?? 0;
  const weights = new Float64Array(width + 1);
  const error = (i: number): number => predict(weights, features[i]) - (truth[i] ?? 0) / 60;
  for (let round = 0; round < 60; round += 1) {
    for (let i = 0; i < train; i += 1) {
      const step = 0.01 * error(i);
      features[i]?.forEach((x, j) => (weights[j] = (weights[j] ?? 0) - step * (x - 0.5)));
      weights[width] = (weights[width] ?? 0) - step;
    }
  }
  const predicted = features.slice(train).map((x) => predict(weights, x));
  const actual = [...truth.subarray(train)];
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [p, a] = [mean(predicted), mean(actual)];
  const product = (u: number[], um: number, v: number[], vm: number): number =>
    u.reduce((sum, value, i) => sum + (value - um) * ((v[i] ?? 0) - vm), 0);
  return (
    product(predicted, p, actual, a) / Math.sqrt(product(predicted, p, predicted, p) * product(actual, a, actual, a))
  );
}

function predict(weights: Float64Array, x: Float64Array | undefined): number {
  let sum = weights[weights.length - 1] ?? 0;
  x?.forEach((value, j) => (sum += (weights[j] ?? 0) * (value - 0.5)));
  return sum;
}
