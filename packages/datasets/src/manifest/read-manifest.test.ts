import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateTaskSpec } from '@kneepoint/regression';
import { packDataset } from '../archive/pack-dataset.ts';
import { BAD_MANIFESTS, GOOD } from '../testing/bad-manifests.ts';
import { failureOf, folderOf, imageFolder } from '../testing/folder.ts';
import { readManifest } from './read-manifest.ts';

describe('readManifest', () => {
  it.each(BAD_MANIFESTS)('refuses %s', async (_, files, code, where, message, options = {}) => {
    const folder = await imageFolder(files);
    const failure = await failureOf(readManifest(folder, options));
    expect({ code: failure.code, where: failure.where }).toEqual({ code, where: where === '*' ? folder : where });
    if (message.startsWith('~')) expect(failure.message).toContain(message.slice(1));
    else expect(failure.message).toBe(message);
    expect(failure.fix).toMatch(/\w/);
  });

  it('refuses a folder that does not exist', async () => {
    expect((await failureOf(readManifest('/nowhere/at/all'))).code).toBe('DATASET_FOLDER_MISSING');
  });

  it('refuses an image whose link leaves the folder, and takes one whose link stays', async () => {
    const folder = await imageFolder({ 'labels.csv': 'image,x\na.png,0\nin.png,1\n' });
    await symlink('b.png', join(folder, 'in.png'));
    expect((await readManifest(folder)).images).toEqual(['a.png', 'in.png']);
    const other = await imageFolder({ 'labels.csv': 'image,x\na.png,0\nout.png,1\n' });
    await symlink(join(folder, 'b.png'), join(other, 'out.png'));
    const failure = await failureOf(readManifest(other));
    expect(failure.code).toBe('DATASET_IMAGE_PATH');
    expect(failure.message).toBe('image "out.png" is a link that leaves the folder');
  });

  it('refuses a table whose link leaves the folder, and says which links to folders it does not follow', async () => {
    const away = await imageFolder({ 'labels.csv': GOOD });
    const folder = await imageFolder({});
    await symlink(join(away, 'labels.csv'), join(folder, 'labels.csv'));
    const failure = await failureOf(readManifest(folder));
    expect([failure.code, failure.where]).toEqual(['DATASET_IMAGE_PATH', 'labels.csv']);
    await symlink(away, join(away, 'more'));
    const { manifest } = await packDataset(away, { out: join(await folderOf(), 'set.tar') });
    expect(manifest.notes).toContain('skipped 1: a link to a folder, which is not followed, such as "more"');
    const linked = await folderOf({});
    await symlink(away, join(linked, 'photos'));
    expect((await failureOf(readManifest(linked))).message).toContain('links to folders are not followed: "photos"');
  });

  it('takes no column of a split for a task, whatever the split comes from', async () => {
    const csv =
      'image,x,split,phase\na.png,0,train,train\nb.png,1,val,test\nc.png,0,train,train\nd.png,1,train,train\n';
    const folder = await imageFolder({ 'labels.csv': csv });
    for (const split of ['none', 'phase', undefined]) {
      const manifest = await readManifest(folder, split === undefined ? {} : { split });
      expect(manifest.tasks.map(({ name }) => name)).toEqual(['x']);
      expect(manifest.split?.from).toBe(split === 'none' ? undefined : `column "${split ?? 'split'}"`);
    }
  });

  it('takes a column that numbers rows for a subject or a task where it is named', async () => {
    const folder = await imageFolder({ 'labels.csv': 'image,id,x\na.png,1,0\nb.png,1,1\nc.png,2,0\nd.png,3,1\n' });
    expect((await readManifest(folder)).tasks.map(({ name }) => name)).toEqual(['x']);
    const grouped = await readManifest(folder, { group: 'id' });
    expect(grouped.groups).toEqual(Int32Array.of(0, 0, 1, 2));
    const schema = { tasks: { number: { type: 'continuous' as const, column: 'id' } } };
    expect((await readManifest(folder, { schema })).labels['number']).toEqual(Float64Array.of(1, 1, 2, 3));
  });

  it('reports all problems at once in the order of the lines, under the code of the first', async () => {
    const schema = '{"tasks":{"mood":{"type":"categorical","column":"mood","classes":["sad","glad"]}}}';
    const csv = 'image,mood,x\n../a.png,sad,1\nb.png,odd,2\nc.png,glad\nzz.png,glad,4\nd.png,sad,no\n';
    const failure = await failureOf(readManifest(await imageFolder({ 'labels.csv': csv, 'schema.json': schema })));
    expect(failure.code).toBe('DATASET_IMAGE_PATH');
    expect(failure.where).toBe('labels.csv:2');
    expect(failure.message.split('\n')).toEqual([
      '5 problems:',
      '  labels.csv:2: image "../a.png" leaves the folder',
      '  labels.csv:3: task "mood": "odd" is none of its 2 classes ("sad", "glad")',
      '  labels.csv:4: the row has 2 cells, the header has 3',
      '  labels.csv:5: image "zz.png" does not exist',
      '  labels.csv:6: task "x": column "x" holds "no", which is no number within ±1e15',
    ]);
  });

  it('says problems of one kind in one line, with a count and an example', async () => {
    const csv = `image,x\n${Array.from({ length: 130 }, (_, i) => `no${i}.png,${i % 2}`).join('\n')}\na.png\n`;
    const { message } = await failureOf(readManifest(await folderOf({ 'labels.csv': csv })));
    expect(message.split('\n')).toEqual([
      '131 problems:',
      '  labels.csv:2: image "no0.png" does not exist (and 129 more of this kind)',
      '  labels.csv:132: the row has 1 cells, the header has 2',
    ]);
  });

  it('infers a task for every column and keeps the images of a subject together', async () => {
    const manifest = await readManifest(await imageFolder({ 'labels.csv': GOOD }), { group: 'who' });
    expect(manifest.tasks).toEqual([
      { name: 'who', type: 'binary', classes: ['ann', 'bob'], targets: ['bob'] },
      { name: 'score', type: 'continuous', targets: ['score'] },
      { name: 'smiles', type: 'binary', classes: ['0', '1'], targets: ['1'] },
    ]);
    expect(manifest.groups).toEqual(Int32Array.of(0, 0, 1, 1));
    expect(manifest.splitBy).toEqual({ who: 'row', score: 'group', smiles: 'group' });
    expect(manifest.labels['score']).toEqual(Float64Array.of(1.5, 2, 3, -4));
    expect(manifest.notes).toEqual([
      'column "mood" is not used: 3 different texts in 4 rows are no classes; schema.json can say otherwise',
    ]);
  });

  it('reads the same from CSV with CRLF and a byte order mark as from plain CSV and from JSON Lines', async () => {
    const lines = GOOD.trim().split('\n').slice(1);
    const jsonl = lines.map((line) => {
      const [image, who, mood, score, smiles] = line.split(',');
      return JSON.stringify({ image, who, mood, score: Number(score), smiles: Number(smiles) });
    });
    const [plain, windows, json] = await Promise.all(
      [
        { 'labels.csv': GOOD },
        { 'labels.csv': `\uFEFF${GOOD.replaceAll('\n', '\r\n')}` },
        { 'labels.jsonl': jsonl.join('\r\n') },
      ].map(async (files) => readManifest(await imageFolder(files))),
    );
    expect(windows).toEqual(plain);
    expect(json).toEqual(plain);
  });

  it.each([
    ['semicolons', 'image;x;y\na.png;0;1,5\nb.png;1;2,5\n'],
    ['tabs, with empty cells', 'image\tx\ty\na.png\t0\t\nb.png\t1\t\n'],
  ])('tells %s by the header', async (_, csv) => {
    const manifest = await readManifest(await imageFolder({ 'labels.csv': csv }));
    expect(manifest.labels['x']).toEqual(Float64Array.of(0, 1));
  });

  it('takes the delimiter that it is told', async () => {
    const folder = await imageFolder({ 'labels.csv': 'image|x;y\na.png|0;7\nb.png|1;7\n' });
    const manifest = await readManifest(folder, {
      delimiter: '|',
      schema: { tasks: { x: { type: 'categorical', column: 'x;y' } } },
    });
    expect(manifest.tasks[0]?.classes).toEqual(['0;7', '1;7']);
  });

  it.each(['file', 'Filename', 'file_name', 'path', 'image_id', 'ID'])(
    'finds images in a column called %s',
    async (name) => {
      const folder = await imageFolder({ 'labels.csv': `x,${name}\n0,a\n1,b\n` });
      expect((await readManifest(folder)).images).toEqual(['a.png', 'b.png']);
    },
  );

  it('takes the image column that it is told, Windows separators, and absolute paths inside the folder', async () => {
    const folder = await imageFolder({ 'sub/e.png': 'x' });
    await writeFile(join(folder, 'labels.csv'), `photo,file,x\nsub\\e.png,1,0\n${folder}/a.png,2,1\n.\\b.png,3,1\n`);
    const manifest = await readManifest(folder, { imageColumn: 'photo' });
    expect(manifest.images).toEqual(['sub/e.png', 'a.png', 'b.png']);
  });

  it('reads the usual words for a missing label, and those that the schema names instead', async () => {
    const csv = 'image,x\na.png,1.5\nb.png,NaN\nc.png,-inf\nd.png,2\n';
    const manifest = await readManifest(await imageFolder({ 'labels.csv': csv }));
    expect(manifest.labels['x']).toEqual(Float64Array.of(0, NaN, NaN, 1));
    expect(manifest.notes).toContain('read as missing: "NaN" in 1 cell, "-inf" in 1 cell');
    const own = 'image,x\na.png,NA\nb.png,?\nc.png,-1\nd.png,no\n';
    const schema = '{"missing":["?",-1]}';
    const other = await readManifest(await imageFolder({ 'labels.csv': own, 'schema.json': schema }));
    expect(other.tasks[0]?.classes).toEqual(['NA', 'no']);
    expect(other.labels['x']).toEqual(Float64Array.of(0, NaN, NaN, 1));
  });

  it('reads 1.0 as 1 in answers and classes, and takes the type that it is told', async () => {
    const csv = 'image,k,hat,tie\na.png,1.0,1.0,0.0\nb.png,2.0,0.0,1.0\nc.png,,0,1\nd.png,3.0,1,0\n';
    const schema = '{"tasks":{"m":{"type":"multilabel","columns":["hat","tie"]}}}';
    const folder = await imageFolder({ 'labels.csv': csv, 'schema.json': schema });
    const manifest = await readManifest(folder, { types: { k: 'categorical' } });
    expect(manifest.tasks.find(({ name }) => name === 'k')).toMatchObject({
      type: 'categorical',
      classes: ['1', '2', '3'],
    });
    expect(manifest.labels['m']).toEqual(Float64Array.of(1, 0, 0, 1, 0, 1, 1, 0));
  });

  it.each([
    ['split', 'train,val,test,train'],
    ['Usage', 'Training,PublicTest,PrivateTest,Training'],
    ['subset', 'training,validation,testing,train'],
  ])('takes a column %s for the split and for no task', async (column, words) => {
    const rows = words.split(',').map((word, i) => `${'abcd'[i] ?? ''}.png,${i % 2},${word}`);
    const manifest = await readManifest(await imageFolder({ 'labels.csv': `image,x,${column}\n${rows.join('\n')}\n` }));
    expect(manifest.tasks.map(({ name }) => name)).toEqual(['x']);
    expect(manifest.split).toEqual({ from: `column "${column}"`, parts: Uint8Array.of(0, 1, 2, 0) });
  });

  it('takes another column for the split when asked, and leaves out what is in no part', async () => {
    const csv = 'image,x,fold\na.png,0,0\nb.png,1,1\nc.png,0,2\nd.png,1,\n';
    const folder = await imageFolder({ 'labels.csv': csv });
    const manifest = await readManifest(folder, { split: 'fold' });
    expect(manifest.split?.parts).toEqual(Uint8Array.of(0, 1, 2, 3));
    expect(manifest.notes).toContain(
      `the split is the data set's own (column "fold"): 1 training, 1 validation, 1 test images; 1 images are in no part and left out`,
    );
    expect((await readManifest(folder)).split).toBeUndefined();
  });

  it('goes on without images that are missing when told so', async () => {
    const folder = await imageFolder({ 'labels.csv': 'image,x\na.png,0\nzz.png,1\nb.png,1\n' });
    const manifest = await readManifest(folder, { skipBad: true });
    expect(manifest.images).toEqual(['a.png', 'b.png']);
    expect(manifest.notes).toContain('skipped 1: an image that is not there, such as "zz.png"');
  });

  it('asks which, where two layouts recognise the folder equally well', async () => {
    const folder = await imageFolder({
      'metadata.csv': 'file_name,x\na.png,0\nb.png,1\n',
      '_classes.csv': 'filename,x\na.png,1\n',
    });
    const failure = await failureOf(readManifest(folder));
    expect(failure.code).toBe('DATASET_FORMAT_AMBIGUOUS');
    expect(failure.message).toBe('the folder is as much of format hf-imagefolder and roboflow');
    expect((await readManifest(folder, { format: 'hf-imagefolder' })).images).toEqual(['a.png', 'b.png']);
  });

  it('gives regression task descriptions that it accepts, for all five types', async () => {
    const schema = {
      tasks: {
        who: { type: 'binary', column: 'who', classes: ['ann', 'bob'] },
        mood: { type: 'categorical', column: 'mood', mirror: 'unchanged' },
        score: { type: 'ordered', column: 'score', bins: [0, 2.5], unit: 'points' },
        both: { type: 'ordered', columns: ['score', 'smiles'], bins: [[0], [0.5]] },
        value: { type: 'continuous', column: 'score', mirror: { negate: [0] } },
        parts: { type: 'multilabel', columns: ['smiles'], classes: ['0', '1', '2'] },
      },
    } as const;
    const manifest = await readManifest(
      await imageFolder({ 'labels.csv': GOOD, 'schema.json': JSON.stringify(schema) }),
    );
    expect(manifest.tasks.map((task) => task.name)).toEqual(Object.keys(schema.tasks));
    for (const task of manifest.tasks) expect(validateTaskSpec(JSON.parse(JSON.stringify(task)))).toEqual(task);
  });
});
