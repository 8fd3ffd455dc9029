import { copyFile, link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isArchive } from '@kneepoint/datasets';
import {
  contentKey,
  recordEvent,
  type ServiceParts,
  type StepHandler,
  storedJson,
  withTemporaryFolder,
} from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ImportModelInput, ImportModelOutput } from '@kneepoint/workflow';
import type { InspectInput, InspectOutput } from '../tasks/inspect.task.ts';
import type { UnpackModelInput } from '../tasks/unpack-model.task.ts';
import { choosePreprocess } from '../choose-preprocess.ts';
import { readConfigBeside, readPreprocessBeside } from '../preprocess-beside.ts';

const TASK = new URL('../tasks/inspect.task.ts', import.meta.url);
const UNPACK = new URL('../tasks/unpack-model.task.ts', import.meta.url);
const TIMEOUT_MS = 15 * 60_000;

/** Imports a model: the row exists only when the file has proved to be sound. */
export function importModel({ config }: ServiceParts): StepHandler {
  return ({ input, run, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { name, source, preprocess, primaryTask } = input as ImportModelInput;
      const limits = { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress };
      const file = 'path' in source ? source.path : await alone(await store.localPath(source.artifact), folder);
      const path = (await holdsModel(file))
        ? await runTask<UnpackModelInput, string>(UNPACK, { archive: file, folder: join(folder, 'unpacked') }, limits)
        : file;
      const declared = preprocess ?? (await readPreprocessBeside(path));
      const hub = declared ? undefined : await readConfigBeside(path);
      const size = declared?.size ?? hub?.preprocess.size;
      const {
        inspection: inspected,
        bytes,
        exported,
      } = await runTask<InspectInput, InspectOutput>(
        TASK,
        { path, outFolder: folder, ...(size ? { size } : {}) },
        limits,
      );
      const pixels = choosePreprocess(
        { declared, exported: [hub, exported].filter((found) => found !== undefined) },
        inspected.input,
        bytes,
      );
      const inspection = { ...inspected, notes: [...inspected.notes, ...pixels.notes] };
      const model = await store.put(join(folder, 'model.onnx'), { mediaType: 'application/octet-stream' });
      const skeleton = await store.put(join(folder, 'skeleton.onnx'), { mediaType: 'application/octet-stream' });
      const preprocessKey = contentKey('preprocess', 1, pixels.preprocess);
      const output = { sha256: model.sha256, skeletonSha256: skeleton.sha256, inspection };
      return {
        output: output satisfies ImportModelOutput,
        commit: async (tx) => {
          const { projectId, createdBy } = run;
          const row = await tx.model.upsert({
            where: {
              projectId_name_sha256_preprocessKey: { projectId, name, sha256: model.sha256, preprocessKey },
            },
            create: {
              projectId,
              createdBy,
              name,
              sha256: model.sha256,
              skeletonSha256: skeleton.sha256,
              preprocessKey,
              preprocess: { ...pixels.preprocess },
              inspection: storedJson(inspection),
              primaryTask: primaryTask ?? null,
            },
            // Others' names of the same bytes stay as they are; this one may have been removed.
            update: { removedAt: null, ...(primaryTask ? { primaryTask } : {}) },
          });
          await tx.run.update({ where: { id: run.id }, data: { modelId: row.id } });
          const facts = { id: row.id, name, sha256: model.sha256, createdBy };
          await recordEvent(tx, { type: 'model.registered', projectId, run, facts });
        },
      };
    });
}

/** Whether a model was packed with its weights; a file that cannot be read is for those to refuse who read it. */
const holdsModel = (file: string): Promise<boolean> => isArchive(file).catch(() => false);

/**
 * The same file in a folder of its own. A model may name files beside it as its weights, and beside an artifact lie those of others.
 */
async function alone(artifact: string, folder: string): Promise<string> {
  const own = join(folder, 'uploaded');
  await mkdir(own);
  const path = join(own, 'uploaded.onnx');
  await link(artifact, path).catch(() => copyFile(artifact, path));
  return path;
}
