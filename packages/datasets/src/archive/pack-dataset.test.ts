import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { failureOf, folderOf, imageFolder, pngBomb, pngOf } from '../testing/folder.ts';
import { openDataset } from './open-dataset.ts';
import { packDataset } from './pack-dataset.ts';
import { verifyDataset } from './verify-dataset.ts';

const CSV = 'image,who,x\na.png,ann,1\nb.png,ann,2\nc.png,bob,\nd.png,bob,4\n';
const run = promisify(execFile);

describe('packDataset', () => {
  it('gives the same bytes for the same folder, and says their hash', async () => {
    const out = await folderOf();
    const packed = [];
    for (const name of ['one.tar', 'two.tar']) {
      packed.push(await packDataset(await imageFolder({ 'labels.csv': CSV }), { out: join(out, name), group: 'who' }));
    }
    const [one, two] = await Promise.all(['one.tar', 'two.tar'].map((name) => readFile(join(out, name))));
    expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
    expect(packed[0]).toEqual(packed[1]);
    expect(packed[0]?.sha256).toBe(
      createHash('sha256')
        .update(one ?? '')
        .digest('hex'),
    );
    expect(packed[0]?.bytes).toBe(one?.length);
  });

  it('writes an archive that tar unpacks to the very images, without times or owners', async () => {
    const folder = await imageFolder({ 'labels.csv': CSV });
    const out = await folderOf();
    await packDataset(folder, { out: join(out, 'set.tar') });
    const { stdout } = await run('tar', ['--utc', '--numeric-owner', '-tvf', join(out, 'set.tar')]);
    expect(stdout.trim().split('\n')).toHaveLength(5);
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/^-rw-r--r-- 0\/0 +\d+ 1970-01-01 00:00/);
    await run('tar', ['-xf', join(out, 'set.tar'), '-C', out]);
    expect(await readFile(join(out, 'images/0000002.png'))).toEqual(await readFile(join(folder, 'c.png')));
  });

  it('opens again with the same manifest and the same images', async () => {
    const folder = await imageFolder({ 'labels.csv': CSV });
    const out = join(await folderOf(), 'set.tar');
    const packed = await packDataset(folder, { out, group: 'who' });
    const dataset = await openDataset(out);
    expect(dataset.manifest).toEqual(packed.manifest);
    expect(dataset.manifest.missing).toEqual({ who: 0, x: 1 });
    expect(dataset.index).toEqual(packed.index);
    expect(dataset.index.toString()).not.toContain('NaN');
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) {
      expect(await dataset.read(i)).toEqual(await readFile(join(folder, `${name}.png`)));
    }
    await verifyDataset(dataset);
    expect((await failureOf(dataset.read(4))).message).toBe('there is no image 4');
    await dataset.close();
  });

  it('refuses every bad image at once, before anything is written', async () => {
    const files = {
      'labels.csv': 'image,x\na.png,1\nempty.png,2\ntext.png,3\nbomb.png,4\ncut.png,5\nvector.svg,6\n',
      'empty.png': '',
      'text.png': 'hello there',
      'bomb.png': pngBomb(100_000, 100_000),
      'cut.png': (await pngOf(3, 64, 64)).subarray(0, 120),
      'vector.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    };
    const out = await folderOf();
    const failure = await failureOf(packDataset(await imageFolder(files), { out: join(out, 'set.tar') }));
    expect(failure.code).toBe('DATASET_IMAGE_EMPTY');
    const lines = failure.message.split('\n');
    expect([...lines.slice(0, 4), lines[5]]).toEqual([
      '5 problems:',
      '  labels.csv:3: image "empty.png": the file has 0 bytes',
      '  labels.csv:4: image "text.png": no image of a known format: the file begins with 68 65 6c 6c 6f 20 74 68',
      '  labels.csv:5: image "bomb.png": the image is 100000 x 100000 pixels',
      '  labels.csv:7: image "vector.svg": no image of a known format: the file begins with 3c 73 76 67 20 78 6d 6c',
    ]);
    expect(lines[4]).toContain('labels.csv:6: image "cut.png": the image does not decode');
    expect(await readdir(out)).toEqual([]);
  });

  it.each([
    ['empty.png', '', 'DATASET_IMAGE_EMPTY'],
    ['text.png', 'hello there', 'DATASET_IMAGE_FORMAT'],
    ['bomb.png', pngBomb(20_000, 20_000), 'DATASET_IMAGE_TOO_LARGE'],
    ['header.png', pngBomb(64, 64), 'DATASET_IMAGE_UNREADABLE'],
  ])('gives %s its own code', async (name, bytes, code) => {
    const folder = await imageFolder({ 'labels.csv': `image,x\na.png,1\n${name},2\n`, [name]: bytes });
    const failure = await failureOf(packDataset(folder, { out: join(folder, 'set.tar') }));
    expect({ code: failure.code, where: failure.where }).toEqual({ code, where: 'labels.csv:3' });
  });

  it('leaves an older archive untouched and nothing half-written when it is stopped', async () => {
    const folder = await imageFolder({ 'labels.csv': CSV });
    const out = await folderOf({ 'set.tar': 'older' });
    for (const stopAt of [1, 4]) {
      const stop = new AbortController();
      const packing = packDataset(folder, {
        out: join(out, 'set.tar'),
        signal: stop.signal,
        onProgress: ({ done }) => done === stopAt && stop.abort(new Error('enough')),
      });
      await expect(packing).rejects.toThrow('enough');
      expect(await readdir(out)).toEqual(['set.tar']);
      expect(await readFile(join(out, 'set.tar'), 'utf8')).toBe('older');
    }
  });

  it('notices an image that changes under its hands', async () => {
    const folder = await imageFolder({ 'labels.csv': CSV });
    const other = await pngOf(200);
    const packing = packDataset(folder, {
      out: join(folder, 'set.tar'),
      onProgress: ({ done, total }) => {
        if (done === total) writeFileSync(join(folder, 'd.png'), other);
      },
    });
    const failure = await failureOf(packing);
    expect({ code: failure.code, where: failure.where, retryable: failure.retryable }).toEqual({
      code: 'DATASET_CHANGED',
      where: 'd.png',
      retryable: true,
    });
    expect((await readdir(folder)).filter((name) => name.includes('.tar'))).toEqual([]);
  });

  it('says where it cannot write', async () => {
    const folder = await imageFolder({ 'labels.csv': CSV });
    const out = join(folder, 'not/there/set.tar');
    const failure = await failureOf(packDataset(folder, { out }));
    expect({ code: failure.code, where: failure.where }).toEqual({ code: 'DATASET_NOT_WRITABLE', where: out });
  });
});
