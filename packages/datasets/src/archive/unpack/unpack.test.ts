import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { listFolder } from '../../layouts/listing.ts';
import { LIMITS } from '../../limits.ts';
import { failureOf, type Files, folderOf, pngOf } from '../../testing/folder.ts';
import { entriesOf, type TarEntry, tarOf } from '../../testing/tar-of.ts';
import { type ZipEntry, zipEntriesOf, zipOf } from '../../testing/zip-of.ts';
import { packDataset } from '../pack-dataset.ts';
import { packSource } from '../pack-source.ts';
import { unpackArchive, type UnpackOptions } from './unpack.ts';

/** The header of a tar as old tools write it, without a word on who wrote it. */
function v7(name: string, contents: Buffer, type = '0', magic = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'utf8');
  header.write('0000644\0', 100);
  header.write(`${contents.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write(magic, 257);
  header.fill(' ', 148, 156);
  header.write(
    `${[...header]
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, contents, Buffer.alloc((512 - (contents.length % 512)) % 512)]);
}

let images: Readonly<Record<string, Buffer>>;
/** An ImageFolder: class by class. */
let folders: Files;
beforeAll(async () => {
  const names = [
    'train/disc/1.png',
    'train/disc/2.png',
    'train/square/3.png',
    'train/square/4.png',
    'val/disc/5.png',
    'val/square/6.png',
  ];
  images = Object.fromEntries(await Promise.all(names.map(async (name, i) => [name, await pngOf(i)] as const)));
  folders = { ...images, 'train/disc/notes.txt': 'what was seen' };
});

/** What lies in the folder that is to be read of an archive. */
async function unpacked(
  archive: Buffer,
  options: UnpackOptions = {},
): Promise<{ root: string; files: readonly string[] }> {
  const folder = await folderOf({ archive });
  const root = await unpackArchive(join(folder, 'archive'), join(folder, 'out'), options);
  return { root: relative(join(folder, 'out'), root), files: (await listFolder(root)).files };
}

describe('an archive of a folder is read as the folder, whoever wrote it and however', () => {
  const writers: readonly (readonly [string, () => Promise<Buffer> | Buffer])[] = [
    ['a tar', () => tarOf(entriesOf(folders))],
    ['a tar with ./', () => tarOf([{ name: './', type: 'directory' }, ...entriesOf(folders, './')])],
    [
      'a tar of the folder from outside',
      () => tarOf([{ name: 'shapes/', type: 'directory' }, ...entriesOf(folders, 'shapes/')]),
    ],
    ['a tar in two folders', () => tarOf(entriesOf(folders, './work/shapes/'))],
    ['a tar.gz', async () => gzipSync(await tarOf(entriesOf(folders)))],
    [
      'a tar.gz of two members',
      async () => {
        const tar = await tarOf(entriesOf(folders, 'x/'));
        return Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))]);
      },
    ],
    ['a tar without its end', async () => (await tarOf(entriesOf(folders))).subarray(0, -1024)],
    ['a tar padded to 10 KiB', async () => Buffer.concat([await tarOf(entriesOf(folders)), Buffer.alloc(9 * 1024)])],
    ['a tar padded by a few bytes', async () => Buffer.concat([await tarOf(entriesOf(folders)), Buffer.alloc(100)])],
    [
      'a tar of old',
      () => Buffer.concat(Object.entries(folders).map(([name, contents]) => v7(name, Buffer.from(contents)))),
    ],
    [
      'a tar of GNU',
      () =>
        Buffer.concat(
          Object.entries(folders).map(([name, contents]) =>
            Buffer.concat([
              v7('././@LongLink', Buffer.from(`./shapes/${name}\0`), 'L', 'ustar  '),
              v7(name.slice(0, 10), Buffer.from(contents), '0', 'ustar  '),
            ]),
          ),
        ),
    ],
    ['a zip', () => zipOf(zipEntriesOf(folders))],
    ['a zip that stores', () => zipOf([{ name: 'shapes/' }, ...zipEntriesOf(folders, 'shapes/', 0)])],
    [
      'a zip of Windows',
      () => zipOf(zipEntriesOf(folders).map((entry) => ({ ...entry, name: String(entry.name).replaceAll('/', '\\') }))),
    ],
    [
      'a zip of macOS',
      () =>
        zipOf([
          ...zipEntriesOf(folders, 'shapes/'),
          { name: '__MACOSX/shapes/._1.png', contents: 'x' },
          { name: 'shapes/.DS_Store' },
        ]),
    ],
  ];

  it.each(writers)('%s', async (_what, write) => {
    const { files, root } = await unpacked(await write());
    expect(files).toEqual(Object.keys(folders).sort());
    expect(['', 'shapes', 'work/shapes', 'x']).toContain(root);
  });

  it.each(writers)('%s packs to the same bytes', async (_what, write) => {
    const folder = await folderOf({
      ...Object.fromEntries(Object.entries(folders).map(([name, bytes]) => [`f/${name}`, bytes])),
      a: await write(),
    });
    const { sha256, manifest } = await packDataset(join(folder, 'f'), { out: join(folder, 'f.tar') });
    expect(await packSource(join(folder, 'a'), { out: join(folder, 'a.tar'), scratch: folder })).toBe(
      join(folder, 'a.tar'),
    );
    expect((await readFile(join(folder, 'a.tar'))).equals(await readFile(join(folder, 'f.tar')))).toBe(true);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest.notes).toEqual([
      'imagefolder: train/disc, train/square, val/disc, val/square: 2 classes; train/ taken as training, val/ taken as validation',
      expect.stringContaining("the split is the data set's own") as string,
      'skipped 1: a file that is no image, such as "train/disc/notes.txt"',
    ]);
  });

  it('names come through in UTF-8, whether the archive says so or not, and in code page 437', async () => {
    const png = await pngOf(1);
    const name = 'çedille/ä.png';
    for (const archive of [
      await tarOf([{ name, contents: png }]),
      v7(name, png),
      zipOf([{ name, contents: png }]),
      zipOf([{ name, contents: png, flags: 0x800 }]),
      zipOf([{ name: Buffer.from([0x87, ...Buffer.from('edille/'), 0x84, ...Buffer.from('.png')]), contents: png }]),
    ]) {
      expect(
        (await unpacked(archive)).files.map((file) => `çedille/${file}`.replace('çedille/çedille', 'çedille')),
      ).toEqual([name]);
    }
  });

  it('names longer than a header holds come through', async () => {
    const name = `${'folder/'.repeat(30)}${'n'.repeat(150)}.png`;
    const { files } = await unpacked(
      await tarOf([
        { name, contents: await pngOf(1) },
        { name: 'b.png', contents: await pngOf(2) },
      ]),
    );
    expect(files).toContain(name);
  });

  it('of several files of a name the last one counts', async () => {
    const folder = await folderOf({
      archive: await tarOf([
        { name: 'a.txt', contents: 'old, and longer' },
        { name: './a.txt', contents: 'new' },
      ]),
    });
    const root = await unpackArchive(join(folder, 'archive'), join(folder, 'out'));
    expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('new');
  });

  it('a folder inside is read where a layout lies there, and a part of a split is no wrapper', async () => {
    const table = {
      'x/y/labels.csv': 'image,age\na.png,1\nb.png,2\n',
      'x/y/a.png': images['train/disc/1.png']!,
      'x/y/b.png': images['train/disc/2.png']!,
    };
    expect((await unpacked(zipOf(zipEntriesOf(table)))).root).toBe('x/y');
    const training = Object.fromEntries(Object.entries(images).filter(([name]) => name.startsWith('train/')));
    expect((await unpacked(zipOf(zipEntriesOf(training)))).root).toBe('');
    const named = { 'x/labels.csv': 'image,age\na.png,1\n', 'x/a.png': images['train/disc/1.png']! };
    expect((await unpacked(zipOf(zipEntriesOf(named)), { format: 'kaggle' })).root).toBe('x');
  });
});

describe('an archive is refused', () => {
  const file = Buffer.alloc(2000, 'x');
  const S_IFLNK = 0o120777;
  const tarLike = (entry: TarEntry) => () => tarOf([{ name: 'a.txt', contents: file }, entry]);
  const zipLike = (entry: ZipEntry) => () => zipOf([{ name: 'a.txt', contents: file }, entry]);

  it.each<readonly [string, () => Promise<Buffer> | Buffer, string, string | RegExp]>([
    [
      'with a path that leaves it',
      tarLike({ name: 'a/../../b.txt' }),
      'DATASET_ARCHIVE_REFUSED',
      /"a\/\.\.\/\.\.\/b\.txt" leaves the folder/,
    ],
    ['with an absolute path', tarLike({ name: '/b.txt' }), 'DATASET_ARCHIVE_REFUSED', /leaves the folder/],
    ['with a drive', tarLike({ name: 'C:\\b.txt' }), 'DATASET_ARCHIVE_REFUSED', /leaves the folder/],
    [
      'with a control character in a name',
      tarLike({ name: 'b\n.txt' }),
      'DATASET_ARCHIVE_REFUSED',
      /control character/,
    ],
    [
      'with a name that is too long',
      tarLike({ name: `${'n'.repeat(300)}.txt` }),
      'DATASET_ARCHIVE_REFUSED',
      /too long/,
    ],
    [
      'with a link',
      tarLike({ name: 'b.txt', type: 'symlink', linkname: '/etc/hostname' }),
      'DATASET_ARCHIVE_REFUSED',
      'entry "b.txt" is a link',
    ],
    [
      'with a hard link',
      tarLike({ name: 'b.txt', type: 'link', linkname: 'a.txt' }),
      'DATASET_ARCHIVE_REFUSED',
      'entry "b.txt" is a link',
    ],
    ['with a pipe', tarLike({ name: 'b', type: 'fifo' }), 'DATASET_ARCHIVE_REFUSED', 'entry "b" is no plain file'],
    [
      'with a file under a file',
      tarLike({ name: 'a.txt/b.txt', contents: 'x' }),
      'DATASET_ARCHIVE_INVALID',
      /"a\.txt\/b\.txt" is a file and a folder at once/,
    ],
    [
      'that is cut off',
      async () => (await tarOf([{ name: 'a.txt', contents: file }])).subarray(0, 1500),
      'DATASET_ARCHIVE_INVALID',
      /damaged or cut off/,
    ],
    [
      'whose compression is cut off',
      async () => gzipSync(await tarOf([{ name: 'a.txt', contents: file }])).subarray(0, -30),
      'DATASET_ARCHIVE_INVALID',
      /damaged or cut off/,
    ],
    ['that is compressed and no tar', () => gzipSync(file), 'DATASET_ARCHIVE_INVALID', /damaged or cut off/],
    [
      'as a zip with a path that leaves it',
      zipLike({ name: '../b.txt' }),
      'DATASET_ARCHIVE_REFUSED',
      /leaves the folder/,
    ],
    [
      'as a zip with a link',
      zipLike({ name: 'b.txt', contents: '/etc/hostname', mode: S_IFLNK }),
      'DATASET_ARCHIVE_REFUSED',
      'entry "b.txt" is a link',
    ],
    [
      'as a zip that is encrypted',
      zipLike({ name: 'b.txt', contents: 'secret', method: 8, flags: 1 }),
      'DATASET_ARCHIVE_REFUSED',
      'entry "b.txt" is encrypted',
    ],
    [
      'as a zip of another method',
      zipLike({ name: 'b.txt', contents: 'x', method: 12 }),
      'DATASET_ARCHIVE_REFUSED',
      /compressed by method 12/,
    ],
    [
      'as a zip whose bytes have changed',
      zipLike({ name: 'b.txt', contents: 'x', checksum: 1 }),
      'DATASET_ARCHIVE_INVALID',
      /checksum of "b\.txt" is wrong/,
    ],
    [
      'as a zip whose bytes have changed in a folder that is new',
      zipLike({ name: 'a/b/c/d.txt', contents: 'x', checksum: 1 }),
      'DATASET_ARCHIVE_INVALID',
      /checksum of "a\/b\/c\/d\.txt" is wrong/,
    ],
    [
      'as a zip that is cut off',
      () => zipOf([{ name: 'a.txt', contents: file }]).subarray(0, 1500),
      'DATASET_ARCHIVE_INVALID',
      /damaged or cut off/,
    ],
    [
      'that is none',
      () => Buffer.from('image,label\n'),
      'DATASET_ARCHIVE_UNKNOWN',
      /it begins as no archive does \("image,label\."\)/,
    ],
    [
      'that is another one',
      () => Buffer.from('Rar!\x1a\x07\x01\0', 'latin1'),
      'DATASET_ARCHIVE_UNKNOWN',
      /it begins as RAR/,
    ],
    ['that is empty', () => Buffer.alloc(0), 'DATASET_ARCHIVE_UNKNOWN', /the file is empty/],
  ])('%s', async (_what, write, code, message) => {
    const failure = await failureOf(unpacked(await write()));
    expect(failure.code).toBe(code);
    if (typeof message === 'string') expect(failure.message).toBe(message);
    else expect(failure.message).toMatch(message);
    expect(failure.fix).toBeTruthy();
  });

  it.each([
    ['tar.gz', async (bytes: Buffer) => gzipSync(await tarOf([{ name: 'a.txt', contents: bytes }]))],
    ['zip', (bytes: Buffer) => zipOf([{ name: 'a.txt', contents: bytes, method: 8 }])],
  ])('that grows beyond the share of its size, as %s', async (_kind, write) => {
    const archive = await write(Buffer.alloc(2 ** 20));
    const limits = { ...LIMITS, archiveFloor: 1000 };
    expect(await failureOf(unpacked(archive, { limits }))).toMatchObject({
      code: 'DATASET_ARCHIVE_REFUSED',
      message: expect.stringMatching(/^the archive unpacks to more than \d+ bytes/) as string,
    });
    expect((await unpacked(archive, { limits: { ...limits, archiveFloor: 2 ** 21 } })).files).toEqual(['a.txt']);
  });

  it('whose header alone unfolds to many times the archive', async () => {
    const header = v7('././@PaxHeader', Buffer.alloc(20 * 2 ** 20), 'x', 'ustar  ');
    const failure = await failureOf(unpacked(gzipSync(Buffer.concat([header, v7('a.txt', file)]))));
    expect(failure.code).toBe('DATASET_ARCHIVE_INVALID');
  });

  it('of too many entries', async () => {
    const limits = { ...LIMITS, archiveEntries: 5 };
    const failure = await failureOf(unpacked(await tarOf(entriesOf(folders)), { limits }));
    expect(failure).toMatchObject({ code: 'DATASET_ARCHIVE_REFUSED', message: 'the archive has more than 5 entries' });
  });

  it('when its import is called off', async () => {
    const signal = AbortSignal.abort(new Error('called off'));
    await expect(unpacked(await tarOf(entriesOf(folders)), { signal })).rejects.toThrow('called off');
    await expect(unpacked(zipOf(zipEntriesOf(folders)), { signal })).rejects.toThrow('called off');
  });
});
