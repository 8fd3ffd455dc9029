import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateTaskSpec } from '@kneepoint/regression';
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
