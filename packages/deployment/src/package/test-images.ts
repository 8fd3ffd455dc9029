import { extname } from 'node:path';
import { plainImage, type Preprocess, type RemoteDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { KINDS, type TaskSpec } from '@kneepoint/regression';
import { splitParts } from '@kneepoint/workflow';
import type { ConfigTask } from './config.ts';

/** Bytes of a picture that goes along; larger ones are passed over. */
const MOST_BYTES = 4 * 2 ** 20;

/** One picture of the test part, as it lies in the package, and what is known of it. */
export interface TestImage {
  /** In the package. */
  readonly file: string;
  /** As the data set calls it. */
  readonly name: string;
  readonly bytes: Buffer;
  /** N × targets of each task, NaN where nothing is known. */
  readonly labels: readonly Float64Array[];
}

export interface TestImagesRequest {
  readonly tasks: readonly TaskSpec[];
  readonly preprocess: Preprocess;
  readonly seed: number;
  /** Images of the test part, as the report says. */
  readonly test: number;
  /** At most so many. */
  readonly count: number;
}

/**
 * Pictures that the report's metric was measured on, spread evenly over the test part. Throws DEPLOYMENT_MISMATCH where the data set is not
 * divided as the report says.
 */
export async function testImages(
  dataset: RemoteDataset,
  { tasks, preprocess, seed, test, count }: TestImagesRequest,
): Promise<readonly TestImage[]> {
  if (count === 0) return [];
  const rows = splitParts(dataset.manifest, tasks, seed).test;
  if (rows.length !== test) {
    throw new Failure('DEPLOYMENT_MISMATCH', `the data set has ${rows.length} test images, the report ${test}`, {
      where: `split seed ${seed}`,
      fix: 'Name the run by the gateway that it ran on; leave test images out with --test-images 0.',
    });
  }
  const labels = (row: number): readonly Float64Array[] =>
    tasks.map(({ name, targets }) =>
      dataset.manifest.labels[name]!.subarray(row * targets.length, (row + 1) * targets.length),
    );
  const known = rows.filter((row) => labels(row).every((own) => !own.every(Number.isNaN)));
  const from = known.length >= count ? known : rows;
  const images: TestImage[] = [];
  const step = Math.max(1, from.length / count);
  // Where one is too large, the next after it is taken.
  for (let i = 0, last = -1; i < count; i++) {
    let at = Math.max(last + 1, Math.floor(i * step));
    for (; at < from.length; at++) {
      const row = from[at]!;
      const name = dataset.manifest.images[row]!;
      const original = await dataset.read(row);
      const { bytes, format } = await plainImage(original, preprocess, name);
      if (bytes.length > MOST_BYTES) continue;
      const ending = bytes === original ? extname(name).toLowerCase() || `.${format}` : '.png';
      const file = `images/${String(images.length).padStart(3, '0')}${ending}`;
      images.push({ file, name, bytes, labels: labels(row) });
      break;
    }
    last = at;
  }
  return images;
}

/** What a line of labels.jsonl says besides labels. */
const OWN_MEMBERS: readonly string[] = ['image', 'name'];

/** labels.jsonl: one picture a line, its name in the data set, and a member for each column of each task; null where nothing is known. Throws DEPLOYMENT_MISMATCH for a column that a line has of its own. */
export function labelsFile(
  images: readonly TestImage[],
  tasks: readonly ConfigTask[],
  specs: readonly TaskSpec[],
): string {
  const taken = tasks.flatMap(({ columns }) => columns).find((column) => OWN_MEMBERS.includes(column));
  if (images.length > 0 && taken !== undefined) {
    throw new Failure(
      'DEPLOYMENT_MISMATCH',
      `a task has a column "${taken}", which is what a line of labels.jsonl says itself`,
      {
        where: 'test/labels.jsonl',
        fix: 'Leave test images out with --test-images 0, or name the task otherwise in the data set.',
      },
    );
  }
  return images
    .map(({ file, name, labels }) => {
      const cells = tasks.flatMap((task, i): [string, string | number | null][] => {
        const own = labels[i]!;
        const classes = task.type === 'binary' || task.type === 'categorical';
        if (!classes) return task.columns.map((column, k) => [column, Number.isNaN(own[k]!) ? null : own[k]!]);
        if (own.some(Number.isNaN)) return [[task.columns[0]!, null]];
        const [id] = KINDS[task.type].decide(own, specs[i]!, [0.5]);
        return [[task.columns[0]!, task.classes![id!]!]];
      });
      return `${JSON.stringify({ image: file, name, ...Object.fromEntries(cells) })}\n`;
    })
    .join('');
}
