import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeImage, type Preprocess } from '@kneepoint/datasets';
import { seededRandom } from '@kneepoint/onnx';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Preprocess as SamplePreprocess, readPlanes } from '../../packages/deployment/src/samples/preprocess.ts';
import { available, program } from '../support/available.ts';

const SAMPLES = fileURLToPath(new URL('../../packages/deployment/src/samples/', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-samples-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const PLAIN = { channels: 'rgb', range: [0, 1], mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** Every setting at least once, and every kernel with either way of resizing. */
const SETTINGS: readonly Preprocess[] = (
  [
    ...(['nearest', 'linear', 'cubic', 'area'] as const).flatMap((kernel) =>
      (['antialias', 'plain'] as const).map((resize) => ({ ...PLAIN, kernel, resize })),
    ),
    { ...PLAIN, fit: 'crop', cropShare: 0.875 },
    { ...PLAIN, fit: 'crop', shortSide: 30, kernel: 'cubic' },
    { channels: 'bgr', range: [0, 255], mean: [127.5], std: [128], fit: 'letterbox', background: [114, 10, 200] },
    { ...PLAIN, fit: 'letterbox', place: 'top-left', resize: 'plain' },
    { channels: 'grey', range: [0, 255], mean: [0], std: [1], exif: false },
    { channels: 'rgba', range: [0, 1], mean: [0], std: [1] },
    { channels: 'bgra', range: [0, 1], mean: [0], std: [1], fit: 'letterbox' },
    { ...PLAIN, alpha: 'white' },
    { ...PLAIN, alpha: 'ignore' },
  ] as const
).map((settings) => structuredClone(settings) as unknown as Preprocess);

/** Pictures of noise with smooth parts, by what their files are like. */
async function pictures(): Promise<readonly string[]> {
  const random = seededRandom(4);
  const noise = (width: number, height: number, channels: 1 | 2 | 3 | 4) =>
    sharp(
      Uint8Array.from({ length: width * height * channels }, (_, i) =>
        (i / channels) % width < width / 2 ? 256 * random.uniform() : (i * 3) % 256,
      ),
      { raw: { width, height, channels } },
    );
  const made: readonly (readonly [string, Promise<Buffer>])[] = [
    ['colour.jpg', noise(61, 40, 3).jpeg({ quality: 90 }).toBuffer()],
    ['subsampled.jpg', noise(33, 75, 3).jpeg({ quality: 60, chromaSubsampling: '4:2:0' }).toBuffer()],
    ['turned.jpg', noise(40, 21, 3).jpeg().withMetadata({ orientation: 6 }).toBuffer()],
    ['grey.jpg', noise(50, 50, 1).toColourspace('b-w').jpeg().toBuffer()],
    ['grey.png', noise(31, 47, 1).toColourspace('b-w').png().toBuffer()],
    ['colour.png', noise(16, 16, 3).png().toBuffer()],
    ['transparent.png', noise(45, 30, 4).png().toBuffer()],
    ['palette.png', noise(20, 30, 3).png({ palette: true, colours: 16 }).toBuffer()],
    ['lossless.webp', noise(26, 19, 3).webp({ lossless: true }).toBuffer()],
  ];
  for (const [name, bytes] of made) await writeFile(join(folder, name), await bytes);
  return made.map(([name]) => join(folder, name));
}

it.skipIf(!available('onnxruntime', 'pillow'))(
  'sample code in TypeScript and Python makes of pictures the very numbers that the product makes of them',
  async () => {
    const cases = (await pictures()).flatMap((path) =>
      SETTINGS.map((settings) => {
        const channels = settings.channels === 'grey' ? 1 : settings.channels.endsWith('a') ? 4 : 3;
        return { path, settings, channels, width: 24, height: 32 } as const;
      }),
    );
    await writeFile(join(folder, 'cases.json'), JSON.stringify(cases));
    const out = join(folder, 'planes.bin');
    const script = fileURLToPath(new URL('planes.py', import.meta.url));
    await promisify(execFile)(program('pillow'), ['-B', script, SAMPLES, join(folder, 'cases.json'), out]);
    const python = new Float32Array((await readFile(out)).buffer);
    let at = 0;
    const wrong: string[] = [];
    for (const { path, settings, channels, width, height } of cases) {
      const wanted = new Float32Array(channels * width * height);
      await decodeImage(await readFile(path), settings, { channels, width, height }, wanted, 0);
      const sample = await readPlanes(path, settings as SamplePreprocess, { width, height }, channels);
      const others = { TypeScript: sample, Python: python.subarray(at, at + wanted.length) };
      at += wanted.length;
      for (const [language, found] of Object.entries(others)) {
        const differing = wanted.filter((value, i) => value !== found[i]).length;
        if (differing > 0) wrong.push(`${language}: ${path} ${JSON.stringify(settings)}: ${differing} numbers`);
      }
    }
    expect(wrong).toEqual([]);
    expect(at).toBe(python.length);
  },
);
