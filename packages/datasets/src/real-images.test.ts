import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batches, inputSize, openDataset, packDataset, validatePreprocess } from './index.ts';
import { folderOf } from './testing/folder.ts';

/** A folder with cmu_faces/: 624 grey photographs of 20 people (CMU Face Images, UCI). Not part of the repository. */
const DATA = process.env['KNEEPOINT_DATA'];

describe.runIf(DATA)('the CMU faces', () => {
  it('are packed, opened and decoded, with four tasks inferred', async () => {
    const out = join(await folderOf(), 'cmu.tar');
    const packed = await packDataset(join(DATA ?? '', 'cmu_faces'), { out, group: 'identity' });
    expect(packed.tasks.map(({ name, type, targets }) => [name, type, targets.length])).toEqual([
      ['identity', 'categorical', 20],
      ['pose', 'categorical', 4],
      ['expression', 'categorical', 4],
      ['eyes', 'binary', 1],
    ]);
    expect(packed.manifest.notes).toEqual([]);
    expect(packed.manifest.splitBy).toEqual({ identity: 'row', pose: 'group', expression: 'group', eyes: 'group' });
    const dataset = await openDataset(out);
    const preprocess = validatePreprocess({ channels: 'bgr', range: [0, 255], mean: [0], std: [1] });
    const options = { preprocess, size: inputSize([null, 3, 60, 60], preprocess), batchSize: 50 };
    let images = 0;
    let brightness = 0;
    for await (const { indices, data } of batches(dataset, options)) {
      images += indices.length;
      for (const value of data) brightness += value;
    }
    await dataset.close();
    expect(images).toBe(624);
    const mean = brightness / (images * 3 * 60 * 60);
    expect(mean).toBeGreaterThan(30);
    expect(mean).toBeLessThan(200);
  });
});
