import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sharp } from '../../packages/datasets/src/images/sharp.ts';
import { type Files, pngBomb, pngOf } from '../../packages/datasets/src/testing/folder.ts';
import type { Outcome } from './outcome.ts';

export interface BadDataset extends Outcome {
  readonly name: string;
  /** Beside the four images of a good data set, or in their place. */
  readonly files: () => Files | Promise<Files>;
  readonly input?: object;
}

/** Rows for the four images that every folder has. */
export const GOOD_LABELS =
  'image,who,mood,score\na.png,ann,sad,1.5\nb.png,ann,glad,2\nc.png,bob,calm,3\nd.png,bob,sad,-4\n';

/** Writes a folder of a.png to d.png and the files given. */
export async function writeDataset(folder: string, files: Files): Promise<void> {
  const images = await Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name, i) => [`${name}.png`, await pngOf(40 * i, 8, 8)] as const),
  );
  for (const [name, contents] of Object.entries({ ...Object.fromEntries(images), ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), contents);
  }
}

const labels = (text: string | Buffer, schema?: object) => (): Files => ({
  'labels.csv': text,
  ...(schema ? { 'schema.json': JSON.stringify(schema) } : {}),
});

async function jpeg(): Promise<Buffer> {
  const image = sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: 'teal',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  });
  return image.jpeg().toBuffer();
}

export const BAD_DATASETS: readonly BadDataset[] = [
  {
    name: 'an image of 0 bytes',
    files: () => ({ 'labels.csv': GOOD_LABELS, 'b.png': '' }),
    code: 'DATASET_IMAGE_EMPTY',
    message: 'image "b.png": the file has 0 bytes',
    where: 'labels.csv:3',
  },
  {
    name: 'a PNG whose header announces 60 000 × 60 000 pixels',
    files: () => ({ 'labels.csv': GOOD_LABELS, 'b.png': pngBomb(60_000, 60_000) }),
    code: 'DATASET_IMAGE_TOO_LARGE',
    message: 'image "b.png": the image is 60000 x 60000 pixels',
    where: 'labels.csv:3',
  },
  {
    name: 'a text file with the name of an image',
    files: () => ({ 'labels.csv': GOOD_LABELS, 'b.png': 'not a picture\n' }),
    code: 'DATASET_IMAGE_FORMAT',
    message: 'image "b.png": no image of a known format: the file begins with 6e 6f 74 20 61 20 70 69',
    where: 'labels.csv:3',
  },
  {
    name: 'a JPEG that is cut off',
    files: async () => ({
      'labels.csv': GOOD_LABELS.replace('b.png', 'b.jpg'),
      'b.jpg': (await jpeg()).subarray(0, 900),
    }),
    code: 'DATASET_IMAGE_UNREADABLE',
    message: 'image "b.jpg": the image does not decode: VipsJpeg: premature end of JPEG image',
    where: 'labels.csv:3',
  },
  {
    name: 'an SVG that reads another file',
    files: () => ({
      'labels.csv': GOOD_LABELS.replace('b.png', 'b.svg'),
      'b.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><image href="file:///etc/passwd"/></svg>',
    }),
    code: 'DATASET_IMAGE_FORMAT',
    message: 'image "b.svg": no image of a known format: the file begins with 3c 73 76 67 20 78 6d 6c',
    where: 'labels.csv:3',
  },
  {
    name: 'no labels',
    files: () => ({}),
    code: 'DATASET_MANIFEST_MISSING',
    message: 'there are 4 images, but nothing says what they show',
    where: '<folder>',
  },
  {
    name: 'a manifest without a row',
    files: labels('image,who\n'),
    code: 'DATASET_MANIFEST_EMPTY',
    message: 'the manifest names no image',
    where: 'labels.csv',
  },
  {
    name: 'an image that is not there',
    files: labels(GOOD_LABELS.replace('c.png', 'zz.png')),
    code: 'DATASET_IMAGE_MISSING',
    message: 'image "zz.png" does not exist',
    where: 'labels.csv:4',
  },
  {
    name: 'two things wrong at once',
    files: labels(GOOD_LABELS.replace('b.png', 'a.png').replace('c.png', 'zz.png')),
    code: 'DATASET_IMAGE_DUPLICATE',
    message:
      '2 problems:\n  labels.csv:3: image "a.png" is already on line 2\n  labels.csv:4: image "zz.png" does not exist',
    where: 'labels.csv:3',
  },
  {
    name: 'a row with a cell too many',
    files: labels(`${GOOD_LABELS}a.png,ann,sad,1,2\n`),
    code: 'DATASET_COLUMN_COUNT',
    message: 'the row has 5 cells, the header has 4',
    where: 'labels.csv:6',
  },
  {
    name: 'an image named twice',
    files: labels(GOOD_LABELS.replace('b.png', './a.png')),
    code: 'DATASET_IMAGE_DUPLICATE',
    message: 'image "a.png" is already on line 2',
    where: 'labels.csv:3',
  },
  {
    name: 'a label of impossible size',
    files: labels(GOOD_LABELS.replace('3', '1e99')),
    code: 'DATASET_LABEL_NOT_A_NUMBER',
    message: 'task "score": column "score" holds "1e99", which is no number within ±1e15',
    where: 'labels.csv:4',
  },
  {
    name: 'a path that climbs',
    files: labels(GOOD_LABELS.replace('c.png', '../c.png')),
    code: 'DATASET_IMAGE_PATH',
    message: 'image "../c.png" leaves the folder',
    where: 'labels.csv:4',
  },
  {
    name: 'an absolute path',
    files: labels(GOOD_LABELS.replace('c.png', '/etc/passwd')),
    code: 'DATASET_IMAGE_PATH',
    message: 'image "/etc/passwd" is absolute',
    where: 'labels.csv:4',
  },
  {
    name: 'text that is not UTF-8',
    files: labels(Buffer.from(GOOD_LABELS.replace('bob', 'b\xf6b'), 'latin1')),
    code: 'DATASET_NOT_UTF8',
    message: 'the line is not UTF-8 text',
    where: 'labels.csv:4',
  },
  {
    name: 'a class that the schema does not have',
    files: labels(GOOD_LABELS, { tasks: { mood: { type: 'categorical', column: 'mood', classes: ['sad', 'glad'] } } }),
    code: 'DATASET_UNKNOWN_CLASS',
    message: 'task "mood": "calm" is none of its 2 classes ("sad", "glad")',
    where: 'labels.csv:4',
  },
  {
    name: 'one class only',
    files: labels(GOOD_LABELS.replaceAll('bob', 'ann'), {
      tasks: { who: { type: 'binary', column: 'who', classes: ['ann', 'bob'] } },
    }),
    code: 'DATASET_ONE_CLASS',
    message: 'task "who": no image is labelled "bob"',
    where: 'labels.csv',
  },
  {
    name: 'bins that fall',
    files: labels(GOOD_LABELS, { tasks: { score: { type: 'ordered', column: 'score', bins: [2, 1] } } }),
    code: 'DATASET_BINS_INVALID',
    message: 'task "score": the bin edges of "score" are not ascending: [2, 1]',
    where: 'labels.csv',
  },
  {
    name: 'a schema that names no column of the manifest',
    files: labels(GOOD_LABELS, { tasks: { age: { type: 'continuous', column: 'age' } } }),
    code: 'DATASET_UNKNOWN_COLUMN',
    message: 'task "age": there is no label column "age"',
    where: 'schema.json',
  },
  {
    name: 'a schema in the request that is none',
    files: labels(GOOD_LABELS),
    input: { schema: { tasks: { who: { type: 'nominal', column: 'who' } } } },
    code: 'DATASET_SCHEMA_INVALID',
    message:
      'tasks.who.type: Invalid option: expected one of "continuous"|"binary"|"ordered"|"multilabel"|"categorical"',
    where: 'schema.json',
  },
  {
    name: 'a group that is no column',
    files: labels(GOOD_LABELS),
    input: { group: 'family' },
    code: 'DATASET_UNKNOWN_COLUMN',
    message: 'there is no column "family"',
    where: 'schema.json',
  },
];
