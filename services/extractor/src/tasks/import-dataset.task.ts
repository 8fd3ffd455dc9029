import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DatasetSchema, openDataset, packDataset, verifyDataset } from '@kneepoint/datasets';
import type { TaskSpec } from '@kneepoint/regression';
import type { TaskContext } from '@kneepoint/runtime';

export interface ImportDatasetTaskInput {
  /** A folder of images and labels, or a packed archive. */
  readonly source: { readonly folder: string } | { readonly archive: string };
  readonly schema?: DatasetSchema;
  readonly group?: string;
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

/** Validates labels and images, and leaves an archive and its manifest. An archive that came packed is checked, not packed again. */
export default async function importDataset(
  input: ImportDatasetTaskInput,
  context: TaskContext,
): Promise<ImportDatasetTaskOutput> {
  let archivePath: string;
  if ('folder' in input.source) {
    archivePath = join(input.outFolder, 'dataset.tar');
    await packDataset(input.source.folder, {
      out: archivePath,
      signal: context.signal,
      onProgress: (progress) => context.progress({ ...progress, message: 'checking and packing' }),
      ...(input.schema ? { schema: input.schema } : {}),
      ...(input.group ? { group: input.group } : {}),
    });
  } else {
    archivePath = input.source.archive;
    await verifyDataset(archivePath, {
      signal: context.signal,
      onProgress: (progress) => context.progress({ ...progress, message: 'checking' }),
    });
  }
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
