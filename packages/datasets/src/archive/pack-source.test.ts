import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFolder } from '../layouts/listing.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { failureOf, type Files, folderOf, pngOf } from '../testing/folder.ts';
import { entriesOf, tarOf } from '../testing/tar-of.ts';
import { zipOf } from '../testing/zip-of.ts';
import { openDataset } from './open-dataset.ts';
import { packDataset } from './pack-dataset.ts';
import { packSource } from './pack-source.ts';
import { unpackArchive } from './unpack/unpack.ts';

describe('what is said of an upload holds', () => {
  const labels = 'image,age,person,half\na.png,20,p1,train\nb.png,30,p1,train\nc.png,40,p2,test\nd.png,50,p2,test\n';
  const files = async (): Promise<Files> => ({
    'labels.csv': labels,
    ...Object.fromEntries(
      await Promise.all(['a', 'b', 'c', 'd'].map(async (name, i) => [`${name}.png`, await pngOf(i)] as const)),
    ),
  });
  const options = {
    group: 'person',
    schema: { tasks: { years: { type: 'ordered' as const, column: 'age', bins: [25, 45] } } },
    split: 'half',
    types: { person: 'categorical' as const },
  };
  const facts = async (folder: string) => {
    const { manifest } = await packDataset(folder, { ...options, out: `${folder}.tar` });
    return {
      subject: manifest.subject,
      tasks: manifest.tasks.map(({ name, type }) => `${name} ${type}`).sort(),
      split: manifest.split,
    };
  };

  it.each([
    [
      'an archive',
      (folder: string, all: Files) => tarOf(entriesOf(all, 'set/')).then((bytes) => writeFile(`${folder}/in`, bytes)),
    ],
    ['a packed data set', async (folder: string) => packDataset(join(folder, 'set'), { out: `${folder}/in` })],
  ])('of %s', async (_what, write) => {
    const all = await files();
    const folder = await folderOf(
      Object.fromEntries(Object.entries(all).map(([name, bytes]) => [`set/${name}`, bytes])),
    );
    await write(folder, all);
    const out = await packSource(join(folder, 'in'), { ...options, out: join(folder, 'out.tar'), scratch: folder });
    const again = await packSource(out, { out: join(folder, 'again.tar'), scratch: folder });
    expect(again).toBe(out);
    const dataset = await openDataset(out);
    const { subject, tasks, split } = dataset.manifest;
    await dataset.close();
    expect({ subject, tasks: tasks.map(({ name, type }) => `${name} ${type}`).sort(), split }).toEqual(
      await facts(join(folder, 'set')),
    );
    expect(subject).toBe('person');
    expect(tasks.map(({ name }) => name)).toContain('years');
    expect([...split!.parts]).toEqual([0, 0, 2, 2]);
  });

  it('a packed data set is the same one when somebody else packs its files again', async () => {
    const all = await files();
    const folder = await folderOf(
      Object.fromEntries(Object.entries(all).map(([name, bytes]) => [`set/${name}`, bytes])),
    );
    const { sha256 } = await packDataset(join(folder, 'set'), { out: join(folder, 'set.tar') });
    const inside = await unpackArchive(join(folder, 'set.tar'), join(folder, 'inside'));
    const { files: names } = await listFolder(inside);
    const entries = await Promise.all(
      names.map(async (name) => ({ name: `./${name}`, contents: await readFile(join(inside, name)) })),
    );
    await writeFile(join(folder, 'in.zip'), zipOf(entries.map((entry) => ({ ...entry, method: 8 }))));
    const scratch = await folderOf();
    const out = await packSource(join(folder, 'in.zip'), { out: join(folder, 'out.tar'), scratch });
    expect((await readFile(out)).equals(await readFile(join(folder, 'set.tar')))).toBe(true);
    expect(sha256).toBeTruthy();
    expect((await readManifest(inside)).images).toEqual(['a.png', 'b.png', 'c.png', 'd.png']);
  });

  it('a packed data set that is damaged says so', async () => {
    const all = await files();
    const folder = await folderOf(all);
    await packDataset(folder, { out: join(folder, 'set.tar') });
    const bytes = await readFile(join(folder, 'set.tar'));
    bytes[bytes.length - 1024 - 512 + 60]! ^= 1;
    await writeFile(join(folder, 'bad.tar'), bytes);
    const failure = await failureOf(
      packSource(join(folder, 'bad.tar'), { out: join(folder, 'out.tar'), scratch: await folderOf() }),
    );
    expect(failure).toMatchObject({
      code: 'DATASET_ARCHIVE_INVALID',
      message: 'the image is not the one that the index names',
    });
  });
});
