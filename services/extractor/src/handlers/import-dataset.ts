import { stat } from 'node:fs/promises';
import { Failure } from '@kneepoint/failures';
import { recordEvent, type ServiceParts, type StepHandler, storedJson, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ImportDatasetInput, ImportDatasetOutput } from '@kneepoint/workflow';
import type { ImportDatasetTaskInput, ImportDatasetTaskOutput } from '../tasks/import-dataset.task.ts';

const TASK = new URL('../tasks/import-dataset.task.ts', import.meta.url);
const TIMEOUT_MS = 6 * 3600_000;

/** Imports labelled images: the row exists only when every label and image has been checked. */
export function importDataset({ config }: ServiceParts): StepHandler {
  return ({ input, run, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { name, source, schema, group, reading } = input as ImportDatasetInput;
      const path = 'path' in source ? await readable(source.path) : await store.localPath(source.artifact);
      const packed = await runTask<ImportDatasetTaskInput, ImportDatasetTaskOutput>(
        TASK,
        {
          path,
          outFolder: folder,
          ...(schema ? { schema } : {}),
          ...(group ? { group } : {}),
          ...(reading ? { reading } : {}),
        },
        { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const archive = await store.put(packed.archivePath, { mediaType: 'application/x-tar' });
      const manifest = await store.put(packed.manifestPath, { mediaType: 'application/json' });
      const output = { sha256: archive.sha256, manifestSha256: manifest.sha256, images: packed.images };
      return {
        output: output satisfies ImportDatasetOutput,
        commit: async (tx) => {
          const { projectId, createdBy } = run;
          const row = await tx.dataset.upsert({
            where: { projectId_name_sha256: { projectId, name, sha256: archive.sha256 } },
            create: {
              projectId,
              createdBy,
              name,
              sha256: archive.sha256,
              manifestSha256: manifest.sha256,
              bytes: BigInt(archive.bytes),
              images: packed.images,
              tasks: storedJson(packed.tasks),
              subject: packed.subject,
              notes: [...packed.notes],
            },
            // Others' names of the same bytes stay as they are; this one may have been removed.
            update: { removedAt: null },
          });
          await tx.run.update({ where: { id: run.id }, data: { datasetId: row.id } });
          const facts = { id: row.id, name, sha256: archive.sha256, images: packed.images, createdBy };
          await recordEvent(tx, { type: 'dataset.registered', projectId, run, facts });
        },
      };
    });
}

async function readable(path: string): Promise<string> {
  await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new Failure('DATASET_PATH', `the folder or archive cannot be read (${error.code})`, {
      where: path,
      fix: 'Name a folder of images and their labels, or a tar, tar.gz or zip of it.',
      cause: error,
    });
  });
  return path;
}
