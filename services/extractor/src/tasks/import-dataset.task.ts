import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetSchema, openDataset, packSource, type Progress, type Reading } from '@kneepoint/datasets';
import type { TaskSpec } from '@kneepoint/regression';
import type { TaskContext } from '@kneepoint/runtime';

export interface ImportDatasetTaskInput {
  /** A folder of images and labels, an archive of one, or a packed data set. */
  readonly path: string;
  readonly schema?: DatasetSchema;
  readonly group?: string;
  readonly reading?: Reading;
  readonly outFolder: string;
}

export interface ImportDatasetTaskOutput {
  readonly archivePath: string;
  readonly manifestPath: string;
  readonly images: number;
  readonly tasks: readonly TaskSpec[];
  readonly subject: string | null;
  readonly notes: readonly string[];
}

/** Validates labels and images, and leaves an archive and its manifest. One that came packed is checked, not packed again. */
export default async function importDataset(
  input: ImportDatasetTaskInput,
  context: TaskContext,
): Promise<ImportDatasetTaskOutput> {
  let unit = '';
  const progress = (report: Progress): void => {
    const message = report.unit === 'images' ? 'checking images' : 'unpacking';
    // An archive is unpacked before its images are checked; a folder has nothing to unpack.
    if (report.unit !== unit && (unit !== '' || report.unit !== 'images')) {
      context.progress({ done: unit === '' ? 0 : 1, total: 2, unit: 'stages', message });
    }
    unit = report.unit;
    context.progress({ ...report, message });
  };
  const archivePath = await packSource(input.path, {
    out: join(input.outFolder, 'dataset.tar'),
    scratch: input.outFolder,
    signal: context.signal,
    onProgress: progress,
    ...(input.schema ? { schema: input.schema } : {}),
    ...(input.group ? { group: input.group } : {}),
    ...input.reading,
  });
  const dataset = await openDataset(archivePath);
  try {
    const manifestPath = join(input.outFolder, 'manifest.json');
    await writeFile(manifestPath, dataset.index);
    const { images, tasks, subject, notes } = dataset.manifest;
    return { archivePath, manifestPath, images: images.length, tasks, subject: subject ?? null, notes };
  } finally {
    await dataset.close();
  }
}
