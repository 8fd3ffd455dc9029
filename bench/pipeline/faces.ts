import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packDataset } from '@kneepoint/datasets';
import { Random } from '@kneepoint/regression';
import { DEFAULT_REGRESSION, splitParts } from '@kneepoint/workflow';

export const TASK = 'pose';
export const GROUP = 'identity';

/** The photographs with one of their splits, as the rival is told it. */
export interface SplitFaces {
  readonly folder: string;
  /** Paths of the images in the order of rows. */
  readonly images: readonly string[];
  /** A class for each image. */
  readonly labels: readonly number[];
  readonly classes: number;
  /** Rows of each part; no person is in two. */
  readonly split: { readonly train: number[]; readonly validation: number[]; readonly test: number[] };
}

/**
 * The CMU faces below `source` copied to `folder` with their rows in an order of the split's own (0: as they come). People are
 * numbered as they appear and drawn by their numbers, so that another order is another split to every command, by data alone.
 */
export async function splitFaces(source: string, folder: string, split: number): Promise<SplitFaces> {
  await mkdir(folder, { recursive: true });
  await cp(join(source, 'images'), join(folder, 'images'), { recursive: true });
  if (split === 0) await copyFile(join(source, 'labels.csv'), join(folder, 'labels.csv'));
  else {
    const [header, ...rows] = (await readFile(join(source, 'labels.csv'), 'utf8')).trim().split(/\r?\n/);
    const order = Random.seeded(split, 0).shuffle(Int32Array.from(rows.keys()));
    await writeFile(join(folder, 'labels.csv'), `${[header, ...Array.from(order, (row) => rows[row])].join('\n')}\n`);
  }
  const { manifest } = await packDataset(folder, { out: `${folder}.tar`, group: GROUP });
  const task = manifest.tasks.find(({ name }) => name === TASK)!;
  const parts = splitParts(manifest, [task], DEFAULT_REGRESSION.seed);
  const classes = task.targets.length;
  const oneHot = manifest.labels[TASK]!;
  return {
    folder,
    images: manifest.images.map((path) => join(folder, path)),
    labels: manifest.images.map((_, row) => oneHot.subarray(row * classes, (row + 1) * classes).indexOf(1)),
    classes,
    split: { train: [...parts.train], validation: [...parts.validation], test: [...parts.test] },
  };
}
