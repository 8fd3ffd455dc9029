import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validateTaskSpec } from '@kneepoint/regression';
import { failureOf, type Files, folderOf, imageFolder } from '../testing/folder.ts';
import type { FolderOptions } from './readFolder.ts';
import { readManifest } from './readManifest.ts';

const GOOD =
  'image,who,mood,score,smiles\na.png,ann,sad,1.5,0\nb.png,ann,glad,2,1\nc.png,bob,calm,3,0\nd.png,bob,sad,-4e0,1\n';

/** Every row: what is wrong, the files beside four images, the code, the place and the message. */
const REJECTS: [string, Files, string, string, string, FolderOptions?][] = [
  ['no manifest', {}, 'DATASET_MANIFEST_MISSING', '*', 'the folder has neither labels.csv nor labels.jsonl'],
  [
    'two manifests',
    { 'labels.csv': GOOD, 'labels.jsonl': '{}' },
    'DATASET_MANIFEST_AMBIGUOUS',
    '*',
    'the folder has both labels.csv and labels.jsonl',
  ],
  ['an empty file', { 'labels.csv': '' }, 'DATASET_MANIFEST_EMPTY', 'labels.csv', 'the manifest names no image'],
  [
    'a header alone',
    { 'labels.csv': 'image,x\n' },
    'DATASET_MANIFEST_EMPTY',
    'labels.csv',
    'the manifest names no image',
  ],
  [
    'empty JSON Lines',
    { 'labels.jsonl': '\n\n' },
    'DATASET_MANIFEST_EMPTY',
    'labels.jsonl',
    'the manifest names no image',
  ],
  [
    'no image column',
    { 'labels.csv': 'file;x\na.png;1\n' },
    'DATASET_COLUMN_NAME',
    'labels.csv:1',
    'there is no column named "image" (found: "file;x")',
  ],
  [
    'two columns of one name',
    { 'labels.csv': 'image,x,x\na.png,1,2\n' },
    'DATASET_COLUMN_NAME',
    'labels.csv:1',
    'two columns are named "x"',
  ],
  [
    'a column without a name',
    { 'labels.csv': 'image,,x\na.png,1,0\nb.png,2,1\n' },
    'DATASET_COLUMN_NAME',
    'labels.csv:1',
    'column 2 has no name',
  ],
  [
    'a row with too many cells',
    { 'labels.csv': GOOD + 'a.png,ann,sad,1,0,1\n' },
    'DATASET_COLUMN_COUNT',
    'labels.csv:6',
    'the row has 6 cells, the header has 5',
  ],
  [
    'a row with too few cells',
    { 'labels.csv': GOOD + 'a.png\n' },
    'DATASET_COLUMN_COUNT',
    'labels.csv:6',
    'the row has 1 cells, the header has 5',
  ],
  [
    'an open quote',
    { 'labels.csv': 'image,x\na.png,"1\n' },
    'DATASET_CSV_SYNTAX',
    'labels.csv:2',
    'a quote is opened and never closed',
  ],
  [
    'a stray quote',
    { 'labels.csv': 'image,x\na.png,1"2\n' },
    'DATASET_CSV_SYNTAX',
    'labels.csv:2',
    'a quote stands inside a cell',
  ],
  [
    'Latin-1 text',
    { 'labels.csv': Buffer.from('image,x\na.png,1\nb\xe9.png,0\n', 'latin1') },
    'DATASET_NOT_UTF8',
    'labels.csv:3',
    'the line is not UTF-8 text',
  ],
  [
    'a missing image',
    { 'labels.csv': 'image,x\na.png,0\nzz.png,1\n' },
    'DATASET_IMAGE_MISSING',
    'labels.csv:3',
    'image "zz.png" does not exist',
  ],
  [
    'a folder as image',
    { 'labels.csv': 'image,x\na.png,0\nsub,1\n', 'sub/x.png': '' },
    'DATASET_IMAGE_MISSING',
    'labels.csv:3',
    'image "sub" is not a file',
  ],
  [
    'an image named twice',
    { 'labels.csv': 'image,x\na.png,0\n./a.png,1\n' },
    'DATASET_IMAGE_DUPLICATE',
    'labels.csv:3',
    'image "./a.png" is already on line 2',
  ],
  [
    'a path that climbs',
    { 'labels.csv': 'image,x\na.png,0\nx/../../b.png,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "x/../../b.png" leaves the folder',
  ],
  [
    'an absolute path',
    { 'labels.csv': 'image,x\na.png,0\n/etc/passwd,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "/etc/passwd" is absolute',
  ],
  [
    'a drive letter',
    { 'labels.csv': 'image,x\na.png,0\nC:b.png,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "C:b.png" is absolute',
  ],
  [
    'a backslash',
    { 'labels.csv': 'image,x\na.png,0\n..\\b.png,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "..\\\\b.png" has a backslash',
  ],
  [
    'a NUL in a path',
    { 'labels.csv': 'image,x\na.png,0\nb\0.png,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "b\\u0000.png" has a control character',
  ],
  [
    'no path at all',
    { 'labels.csv': 'image,x\na.png,0\n,1\n' },
    'DATASET_IMAGE_PATH',
    'labels.csv:3',
    'image "" is empty',
  ],
  [
    'a label NaN',
    { 'labels.csv': 'image,x\na.png,1.5\nb.png,2.5\nc.png,NaN\n' },
    'DATASET_LABEL_NOT_A_NUMBER',
    'labels.csv:4',
    'task "x": column "x" holds "NaN", which is no number within ±1e15',
  ],
  [
    'a label beyond all bounds',
    { 'labels.jsonl': '{"image":"a.png","x":1.5}\n{"image":"b.png","x":2}\n{"image":"c.png","x":1e999}\n' },
    'DATASET_LABEL_NOT_A_NUMBER',
    'labels.jsonl:3',
    'task "x": column "x" holds "Infinity", which is no number within ±1e15',
  ],
  [
    'a class that the schema does not have',
    {
      'labels.csv': GOOD,
      'schema.json': '{"tasks":{"mood":{"type":"categorical","column":"mood","classes":["sad","glad"]}}}',
    },
    'DATASET_UNKNOWN_CLASS',
    'labels.csv:4',
    'task "mood": "calm" is none of its 2 classes ("sad", "glad")',
  ],
  [
    'a value that is neither of two',
    {
      'labels.csv': 'image,who\na.png,ann\nb.png,bob\nc.png,eve\n',
      'schema.json': '{"tasks":{"who":{"type":"binary","column":"who","classes":["ann","eve"]}}}',
    },
    'DATASET_UNKNOWN_CLASS',
    'labels.csv:3',
    'task "who": "bob" is neither "ann" nor "eve"',
  ],
  [
    'a third value of a binary task',
    { 'labels.csv': GOOD, 'schema.json': '{"tasks":{"mood":{"type":"binary","column":"mood"}}}' },
    'DATASET_CLASS_COUNT',
    'labels.csv',
    'task "mood": a binary task has two classes, not 3',
  ],
  [
    'one class only',
    {
      'labels.csv': 'image,x\na.png,1\nb.png,1\n',
      'schema.json': '{"tasks":{"x":{"type":"binary","column":"x","classes":[0,1]}}}',
    },
    'DATASET_ONE_CLASS',
    'labels.csv',
    'task "x": no image is labelled "0"',
  ],
  [
    'one number only',
    {
      'labels.csv': 'image,x\na.png,1\nb.png,1\n',
      'schema.json': '{"tasks":{"x":{"type":"continuous","column":"x"}}}',
    },
    'DATASET_ONE_CLASS',
    'labels.csv',
    'task "x": all labels are the same number, or missing',
  ],
  [
    'a label that is no answer',
    {
      'labels.csv': 'image,hat,tie\na.png,1,0\nb.png,0,perhaps\n',
      'schema.json': '{"tasks":{"m":{"type":"multilabel","columns":["hat","tie"]}}}',
    },
    'DATASET_UNKNOWN_CLASS',
    'labels.csv:3',
    'task "m": column "tie" holds "perhaps", not 0 or 1',
  ],
  [
    'nothing to learn',
    { 'labels.csv': 'image,x\na.png,1\nb.png,1\n' },
    'DATASET_NO_TASKS',
    'labels.csv',
    'no column can be a task',
  ],
  [
    'bins that fall',
    { 'labels.csv': GOOD, 'schema.json': '{"tasks":{"score":{"type":"ordered","column":"score","bins":[2,1]}}}' },
    'DATASET_BINS_INVALID',
    'labels.csv',
    'task "score": the bin edges of "score" are not ascending: [2, 1]',
  ],
  [
    'bins for one of two columns',
    {
      'labels.csv': GOOD,
      'schema.json': '{"tasks":{"s":{"type":"ordered","columns":["score","smiles"],"bins":[[1]]}}}',
    },
    'DATASET_BINS_INVALID',
    'labels.csv',
    'task "s": 1 lists of bin edges for 2 columns',
  ],
  [
    'a schema that names no column of the manifest',
    { 'labels.csv': GOOD, 'schema.json': '{"tasks":{"age":{"type":"continuous","column":"age"}}}' },
    'DATASET_UNKNOWN_COLUMN',
    'schema.json',
    'task "age": there is no label column "age"',
  ],
  [
    'a group that is no column',
    { 'labels.csv': GOOD },
    'DATASET_UNKNOWN_COLUMN',
    'schema.json',
    'there is no column "family"',
    { group: 'family' },
  ],
  [
    'a schema that is no JSON',
    { 'labels.csv': GOOD, 'schema.json': '{' },
    'DATASET_SCHEMA_INVALID',
    'schema.json',
    '~not JSON',
  ],
  [
    'a task type that does not exist',
    { 'labels.csv': GOOD, 'schema.json': '{"tasks":{"x":{"type":"nominal","column":"who"}}}' },
    'DATASET_SCHEMA_INVALID',
    'schema.json',
    '~tasks.x.type: Invalid option',
  ],
  [
    'a schema key that does not exist',
    { 'labels.csv': GOOD, 'schema.json': '{"task":{}}' },
    'DATASET_SCHEMA_INVALID',
    'schema.json',
    'Unrecognized key: "task"',
  ],
  [
    'a class named twice',
    {
      'labels.csv': GOOD,
      'schema.json': '{"tasks":{"w":{"type":"categorical","column":"who","classes":["ann","bob","ann"]}}}',
    },
    'DATASET_SCHEMA_INVALID',
    'schema.json',
    'task "w": class "ann" is named twice',
  ],
  [
    'a mirror rule for a target that is not there',
    {
      'labels.csv': GOOD,
      'schema.json': '{"tasks":{"s":{"type":"continuous","column":"score","mirror":{"negate":[1]}}}}',
    },
    'DATASET_SCHEMA_INVALID',
    'schema.json',
    'task "s": "mirror" names target 1',
  ],
  [
    'a row without its subject',
    { 'labels.csv': 'image,who,x\na.png,ann,0\nb.png,,1\n' },
    'DATASET_SUBJECT_MISSING',
    'labels.csv:3',
    'the row names no "who", by which the data set is split',
    { group: 'who' },
  ],
  [
    'a line that is no JSON',
    { 'labels.jsonl': '{"image":"a.png","x":0}\n{"image":\n' },
    'DATASET_NOT_JSON',
    'labels.jsonl:2',
    '~not a JSON object: "{\\"image\\":"',
  ],
  [
    'a nested value',
    { 'labels.jsonl': '{"image":"a.png","x":{"y":1}}\n' },
    'DATASET_NOT_JSON',
    'labels.jsonl:1',
    '"x" holds a value that is no label',
  ],
];

describe('readManifest', () => {
  it.each(REJECTS)('refuses %s', async (_, files, code, where, message, options = {}) => {
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

  it('lists a hundred problems and counts the rest', async () => {
    const csv = `image,x\n${Array.from({ length: 130 }, (_, i) => `no${i}.png,${i % 2}`).join('\n')}\n`;
    const { message } = await failureOf(readManifest(await folderOf({ 'labels.csv': csv })));
    const lines = message.split('\n');
    expect(lines).toHaveLength(102);
    expect([lines[0], lines[101]]).toEqual(['130 problems:', '  and 30 more']);
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
