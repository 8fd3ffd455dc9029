import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { withFolder } from '../testing/with-folder.ts';
import { readColumn, type ReadRange } from './read-column.ts';
import { openResponses, readResponses } from './read-responses.ts';
import type { ResponsesToWrite } from './write-responses.ts';
import { writeResponses } from './write-responses.ts';

const TAPS = [
  { layer: 'conv1', value: 'relu_conv1', channels: 2 },
  { layer: 'index', value: 'a layer may have this name too', channels: 1 },
  { layer: 'größer/5', value: '17', channels: 3 },
];

function content(rows: number): ResponsesToWrite {
  const responses = new Map(
    TAPS.map(({ layer, channels }, t) => [layer, Float32Array.from({ length: rows * channels }, (_, i) => t + i / 7)]),
  );
  return { taps: TAPS, from: 40, responses };
}

describe('a file of responses', () => {
  it.each([0, 1, 5])('gives back what was written: %i rows', async (rows) => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      const written = content(rows);
      await writeResponses(path, written);
      const file = await openResponses(path);
      expect(file.rows).toBe(rows);
      expect([...file.indices]).toEqual(Array.from({ length: rows }, (_, i) => 40 + i));
      expect(file.taps).toEqual(TAPS);
      for (const { layer } of TAPS) expect(await readResponses(path, layer)).toEqual(written.responses.get(layer));
      expect(await readdir(folder)).toEqual(['r.arrow']);
    });
  });

  it('is a plain Arrow table of lists to other readers', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      await writeResponses(path, content(2));
      const table = tableFromIPC(await readFile(path));
      expect(table.schema.toString()).toBe(
        'Schema<{ 0: index: Int32, 1: conv1: FixedSizeList[2]<Float32>, 2: index (layer): FixedSizeList[1]<Float32>, 3: größer/5: FixedSizeList[3]<Float32> }>',
      );
      expect(Array.from(table.getChildAt(3)!.get(1) as Iterable<number>)).toEqual([
        ...Float32Array.of(2 + 3 / 7, 2 + 4 / 7, 2 + 5 / 7),
      ]);
    });
  });

  it('keeps the grids of some layers beside them, whatever the layers are called', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      const taps = [...TAPS, { layer: 'conv1 2×2', value: 'x', channels: 1 }];
      const written = content(2);
      const responses = new Map([...written.responses, ['conv1 2×2', Float32Array.of(8, 9)]]);
      const grids = new Map([
        ['conv1', Float32Array.from({ length: 16 }, (_, i) => i)],
        ['index', Float32Array.from({ length: 8 }, (_, i) => -i)],
      ]);
      await writeResponses(path, { taps, from: 40, responses, grids });
      const file = await openResponses(path);
      expect(file.taps).toEqual(taps);
      for (const { layer } of taps) {
        expect(file.column(layer)).toEqual(responses.get(layer));
        expect(file.grid(layer)).toEqual(grids.get(layer));
      }
      grids.set('index', new Float32Array(7));
      await expect(writeResponses(path, { taps, from: 40, responses, grids })).rejects.toMatchObject({
        code: 'RUNTIME_RESPONSES_SHAPE',
        message: 'the grid of layer index holds 7 values where 2 × 4 belong',
      });
    });
  });

  it('gives one layer without the others being read', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      // Wide enough that the columns of all layers are larger than what is read to find one.
      const wide = Array.from({ length: 40 }, (_, at) => ({
        layer: `layer ${at}`,
        value: `${at}`,
        channels: 100 + at,
      }));
      const responses = new Map(
        wide.map(({ layer, channels }, t) => [layer, Float32Array.from({ length: 9 * channels }, (_, i) => t + i / 7)]),
      );
      const grids = new Map([['layer 0', new Float32Array(9 * 400)]]);
      await writeResponses(path, { taps: wide, from: 0, responses, grids });
      const bytes = new Uint8Array(await readFile(path));
      let asked = 0;
      const read: ReadRange = ({ start, end }) => {
        asked += end + 1 - start;
        return Promise.resolve(bytes.subarray(start, end + 1));
      };
      for (const { layer, channels } of [wide[0]!, wide[17]!, wide[39]!]) {
        asked = 0;
        expect(await readColumn(read, { bytes: bytes.length, taps: wide, layer })).toEqual({
          rows: 9,
          channels,
          values: responses.get(layer),
        });
        expect(asked).toBeLessThan(bytes.length / 2);
      }
      const missing = { code: 'RUNTIME_LAYER_MISSING', fix: expect.stringContaining('layer 39') as string };
      await expect(readColumn(read, { bytes: bytes.length, taps: wide, layer: 'layer 40' })).rejects.toMatchObject(
        missing,
      );
      for (const [spoilt, length] of [
        [bytes.map((byte) => byte ^ 0x5a), bytes.length],
        [bytes.slice(0, 300), 300],
        [bytes, bytes.length - 40_000],
      ] as const) {
        const from: ReadRange = ({ start, end }) => Promise.resolve(spoilt.subarray(start, end + 1));
        const place = { bytes: length, taps: wide, layer: 'layer 39' };
        await expect(readColumn(from, place)).rejects.toMatchObject({ code: 'RUNTIME_FEATURES_INVALID' });
      }
      const others = { bytes: bytes.length, taps: wide.slice(1), layer: 'layer 17' };
      await expect(readColumn(read, others)).rejects.toMatchObject({ code: 'RUNTIME_FEATURES_INVALID' });
    });
  });

  it('is read without a copy, and from bytes at any alignment', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      await writeResponses(path, content(5));
      const bytes = new Uint8Array(await readFile(path));
      expect((await readResponses(bytes, 'conv1')).buffer).toBe(bytes.buffer);
      const shifted = new Uint8Array(bytes.length + 3).subarray(3);
      shifted.set(bytes);
      expect(await readResponses(shifted, 'conv1')).toEqual(await readResponses(bytes, 'conv1'));
    });
  });

  it('names the layers that it has when it is asked for another', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      await writeResponses(path, content(1));
      await expect(readResponses(path, 'conv2')).rejects.toMatchObject({
        code: 'RUNTIME_LAYER_MISSING',
        where: path,
        fix: 'ask for one of conv1, index, größer/5',
      });
    });
  });

  it.each([
    ['garbage', (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a)],
    ['cut off', (bytes: Uint8Array) => bytes.slice(0, bytes.length / 2)],
    ['empty', () => new Uint8Array()],
  ])('is refused when it is %s', async (_name, spoil) => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      await writeResponses(path, content(50));
      await writeFile(path, spoil(new Uint8Array(await readFile(path))));
      await expect(readResponses(path, 'conv1')).rejects.toMatchObject({
        code: 'RUNTIME_FEATURES_INVALID',
        where: path,
      });
    });
  });

  it('is refused when it is missing', async () => {
    await expect(readResponses('/nowhere/r.arrow', 'conv1')).rejects.toMatchObject({
      code: 'RUNTIME_FEATURES_INVALID',
      where: '/nowhere/r.arrow',
    });
  });

  it.each([
    [
      'layers of different length',
      new Map([
        ['conv1', new Float32Array(4)],
        ['index', new Float32Array(3)],
        ['größer/5', new Float32Array(6)],
      ]),
      'layer index holds 3 rows, the first layer 2',
    ],
    [
      'a torn row',
      new Map([
        ['conv1', new Float32Array(3)],
        ['index', new Float32Array(1)],
        ['größer/5', new Float32Array(3)],
      ]),
      'layer conv1 holds 1.5 rows, the first layer 1.5',
    ],
    ['a missing layer', new Map([['conv1', new Float32Array(2)]]), 'layer index holds no rows, the first layer 1'],
  ])('is not written from %s', async (_name, responses, message) => {
    await withFolder(async (folder) => {
      const path = join(folder, 'r.arrow');
      await expect(writeResponses(path, { taps: TAPS, from: 0, responses })).rejects.toMatchObject({
        code: 'RUNTIME_RESPONSES_SHAPE',
        message,
      });
      expect(await readdir(folder)).toEqual([]);
    });
  });
});
