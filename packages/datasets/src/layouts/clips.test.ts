import { truncate } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { pack } from 'tar-stream';
import { openDataset } from '../archive/open-dataset.ts';
import { packDataset } from '../archive/pack-dataset.ts';
import { packSource } from '../archive/pack-source.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { folderOf } from '../testing/folder.ts';
import { pictures } from '../testing/pictures.ts';
import { eulerAngles } from './euler-angles.ts';

const kinds = (notes: readonly string[]): string[] =>
  notes
    .filter((note) => note.startsWith('skipped'))
    .map((note) => note.replace(/, such as.*/, ''))
    .sort();

describe('WebDataset', () => {
  async function shard(files: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
    const tar = pack();
    for (const [name, contents] of Object.entries(files)) tar.entry({ name }, contents);
    tar.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  it('packs the images of several shards with cls and json, and leaves out what is malformed', async () => {
    const [a, b, c, d] = Object.values(await pictures('a', 'b', 'c', 'd')) as [Buffer, Buffer, Buffer, Buffer];
    const long = `${'folder/'.repeat(30)}0001`;
    const first = await shard({
      '0000.jpg': a,
      '0000.cls': '3\n',
      '0000.json': '{"age":31.5,"box":{"x":1}}',
      [`${long}.png`]: b,
      [`${long}.cls`]: '1',
      [`${long}.json`]: '{"age":20}',
      '0002.png': c,
      '0003.cls': '1',
      '0004.png': c,
      '0004.cls': 'dog',
      '0005.png': c,
      '0005.json': '{"age":',
    });
    const second = await shard({ 'x.png': d, 'x.cls': '3', 'x.txt': 'a dog', 'y.png': c, 'y.cls': '1' });
    const folder = await folderOf({
      'set-train-000.tar': first,
      'set-val-000.tar': second.subarray(0, second.length - 2560),
    });
    const out = `${await folderOf()}/set.tar`;
    const { manifest } = await packDataset(folder, { out });
    expect(manifest.images).toEqual(['set-train-000/0000.jpg', `set-train-000/${long}.png`, 'set-val-000/x.png']);
    expect(manifest.tasks.map(({ name, type }) => [name, type])).toContainEqual(['cls', 'categorical']);
    expect(manifest.labels['cls']).toEqual(Float64Array.of(0, 1, 1, 0, 0, 1));
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 0, 1));
    expect(kinds(manifest.notes)).toEqual(
      [
        'skipped 1: a cls that is no whole number',
        'skipped 1: a file that is neither image, cls nor json',
        'skipped 1: a json that cannot be read',
        'skipped 1: a sample without a label',
        'skipped 1: a sample without an image',
        'skipped 1: a shard that ends too early',
        'skipped 1: a value of json that is no label',
      ].sort(),
    );
    const dataset = await openDataset(out);
    expect(await dataset.read(1)).toEqual(b);
    await dataset.close();
  });

  it('takes key.jpg for the image of a sample that has others, and counts those', async () => {
    const [a, b, c] = Object.values(await pictures('a', 'b', 'c')) as [Buffer, Buffer, Buffer];
    const files = { '1.mask.png': a, '1.jpg': b, '1.cls': '0', '2.jpg': c, '2.depth.png': a, '2.cls': '1' };
    const manifest = await readManifest(await folderOf({ 'all.tar': await shard(files) }));
    expect(manifest.images).toEqual(['all/1.jpg', 'all/2.jpg']);
    expect(kinds(manifest.notes)).toEqual(['skipped 2: another image of the same sample']);
  });

  it.each(['cls', 'json'])(
    'takes one shard by itself, as it is uploaded, or several in an archive: %s',
    async (ending) => {
      const [a, b, c, d] = Object.values(await pictures('a', 'b', 'c', 'd')) as [Buffer, Buffer, Buffer, Buffer];
      const label = (value: number): string => (ending === 'cls' ? `${value}` : `{"cls":"c${value}"}`);
      const one = { '00.jpg': a, [`00.${ending}`]: label(4), '01.jpg': b, [`01.${ending}`]: label(7) };
      const two = { '00.jpg': c, [`00.${ending}`]: label(7), '01.jpg': d, [`01.${ending}`]: label(4) };
      const folder = await folderOf({
        'one.tar': await shard({ ...one, '02.jpg': c }),
        'both.tar': await shard({ 's/a-0.tar': await shard(one), 's/a-1.tar': await shard(two) }),
      });
      const found = async (name: string) => {
        const out = await packSource(`${folder}/${name}`, {
          out: `${folder}/${name}.packed`,
          scratch: await folderOf(),
        });
        const dataset = await openDataset(out);
        await dataset.close();
        const { images, labels, notes, tasks } = dataset.manifest;
        return {
          images,
          labels: [...labels['cls']!],
          tasks: tasks.map(({ classes }) => classes),
          skipped: kinds(notes),
        };
      };
      const alone = await found('one.tar');
      expect(alone).toMatchObject({ images: ['00.jpg', '01.jpg'], skipped: ['skipped 1: a sample without a label'] });
      const both = await found('both.tar');
      expect(both.images).toEqual(['a-0/00.jpg', 'a-0/01.jpg', 'a-1/00.jpg', 'a-1/01.jpg']);
      expect(both.labels.slice(0, alone.labels.length)).toEqual(alone.labels);
    },
  );

  it('leaves JSON beside images to whoever else knows the folder', async () => {
    const [a, b] = Object.values(await pictures('a', 'b')) as [Buffer, Buffer];
    const outlines = '{"version":"5","shapes":[{"label":"cat","points":[[1,2]]}]}';
    const classes = await readManifest(
      await folderOf({ 'cat/1.jpg': a, 'cat/1.json': '{"note":"x"}', 'dog/2.jpg': b, 'dog/2.json': '{"note":"y"}' }),
    );
    expect(classes.tasks.map(({ name }) => name)).toEqual(['class']);
    await expect(readManifest(await folderOf({ '1.jpg': a, '1.json': outlines, '2.jpg': b }))).rejects.toMatchObject({
      code: 'DATASET_MANIFEST_MISSING',
    });
  });

  it('refuses an image beyond the limit before it makes room for it', async () => {
    const [a, b] = Object.values(await pictures('a', 'b')) as [Buffer, Buffer];
    const bytes = await shard({ '1.png': a, '1.cls': '0', '2.png': b, '2.cls': '1', '3.cls': '1', '3.png': '' });
    // The last entry and the two blocks of zeros: its header says 4 GiB, which the sparse file holds.
    const at = bytes.length - 3 * 512;
    bytes.write('40000000000\0', at + 124, 'latin1');
    bytes.fill(' ', at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
    const folder = await folderOf({ 'all.tar': bytes });
    await truncate(`${folder}/all.tar`, at + 512 + 2 ** 32 + 1024);
    const { manifest } = await packDataset(folder, { out: `${await folderOf()}/set.tar` });
    expect(manifest.images).toEqual(['all/1.png', 'all/2.png']);
    expect(kinds(manifest.notes)).toEqual(['skipped 1: an image that cannot be read (DATASET_IMAGE_TOO_LARGE)']);
  });
});

it('AFEW-VA: valence and arousal of frames, a clip as subject', async () => {
  const frame = (valence: number, arousal: number): object => ({ valence, arousal, landmarks: [[1, 2]] });
  const folder = await folderOf({
    ...(await pictures('001/00000.png', '001/00001.png', '002/00000.png')),
    '001/001.json': JSON.stringify({
      video_id: '001',
      frames: { '00000': frame(-3, 4), '00001': frame(0, 5), '00002': frame(1, 1), '00003': {} },
    }),
    '002/002.json': JSON.stringify({ video_id: '002', frames: { '00000': frame(10, -10) } }),
    '003/003.json': '{',
    '004/004.json': '{}',
  });
  const manifest = await readManifest(folder);
  expect(manifest.tasks.map(({ name }) => name)).toEqual(['valence', 'arousal']);
  expect(manifest.labels['valence']).toEqual(Float64Array.of(-3, 0, 10));
  expect(manifest.groups).toEqual(Int32Array.of(0, 0, 1));
  expect(kinds(manifest.notes)).toEqual([
    'skipped 1: a clip whose file is not JSON',
    'skipped 1: a clip without frames',
    'skipped 2: a frame whose image is not there',
  ]);
});

describe('Biwi', () => {
  /** Roll about z after yaw about y after pitch about x, in degrees. */
  function rotation(pitch: number, yaw: number, roll: number): number[] {
    const [a, b, c] = [pitch, yaw, roll].map((angle) => (angle * Math.PI) / 180) as [number, number, number];
    const [sa, ca, sb, cb, sc, cc] = [Math.sin(a), Math.cos(a), Math.sin(b), Math.cos(b), Math.sin(c), Math.cos(c)];
    return [
      ...[cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa],
      ...[sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa],
      ...[-sb, cb * sa, cb * ca],
    ];
  }
  const text = (matrix: readonly number[]): string =>
    `${[0, 3, 6].map((i) => matrix.slice(i, i + 3).join(' ')).join(' \n')} \n\n74.2 43.1 841.2 \n`;

  it('turns rotations into the angles that they were made of', () => {
    const cases: readonly (readonly [number, number, number])[] = [
      [0, 0, 0],
      [10, -40, 5],
      [-60, 75, -20],
    ];
    for (const angles of cases) {
      eulerAngles(rotation(...angles)).forEach((angle, i) => expect(angle).toBeCloseTo(angles[i] ?? NaN, 9));
    }
  });

  it('gives pitch, yaw and roll in degrees, a sequence as subject, and leaves out what is malformed', async () => {
    const folder = await folderOf({
      ...(await pictures(
        '01/frame_00003_rgb.png',
        '01/frame_00004_rgb.png',
        '02/frame_00003_rgb.png',
        '02/frame_00009_rgb.png',
      )),
      '01/frame_00003_pose.txt': text(rotation(10, -40, 5)),
      '01/frame_00004_pose.txt': text(rotation(0, 20, 0)),
      '02/frame_00003_pose.txt': text([1, 1, 0, 0, 1, 0, 0, 0, 1]),
      '02/frame_00009_pose.txt': '1 0 0\n',
      '02/frame_00010_pose.txt': text(rotation(0, 0, 0)),
    });
    const manifest = await readManifest(folder);
    expect([...manifest.labels['yaw']!].map((yaw) => Math.round(yaw))).toEqual([-40, 20]);
    expect(manifest.images).toEqual(['01/frame_00003_rgb.png', '01/frame_00004_rgb.png']);
    expect(kinds(manifest.notes)).toEqual([
      'skipped 1: a matrix that is no rotation',
      'skipped 1: a pose that is not twelve numbers',
      'skipped 1: a pose whose image is not there',
    ]);
  });
});
