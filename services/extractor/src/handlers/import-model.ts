import { join } from 'node:path';
import { defaultPreprocess, inputSize, type Preprocess } from '@kneepoint/datasets';
import { contentKey, type ServiceParts, type StepHandler, storedJson, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ImportModelInput, ImportModelOutput, ModelInspection } from '@kneepoint/workflow';
import type { InspectInput, InspectOutput } from '../tasks/inspect.task.ts';
import { readPreprocessBeside } from '../preprocess-beside.ts';

const TASK = new URL('../tasks/inspect.task.ts', import.meta.url);
const TIMEOUT_MS = 15 * 60_000;

/** Imports a model: the row exists only when the file has proved to be sound. */
export function importModel({ config }: ServiceParts): StepHandler {
  return ({ input, run, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { name, source, preprocess, primaryTask } = input as ImportModelInput;
      const path = 'path' in source ? source.path : await store.localPath(source.artifact);
      const size = (preprocess ?? (await readPreprocessBeside(path)))?.size;
      const { inspection: inspected, bytes } = await runTask<InspectInput, InspectOutput>(
        TASK,
        { path, outFolder: folder, ...(size ? { size } : {}) },
        { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const pixels = await choosePreprocess(path, preprocess, inspected.input, bytes);
      const inspection = { ...inspected, notes: [...inspected.notes, ...pixels.notes] };
      const model = await store.put(join(folder, 'model.onnx'), { mediaType: 'application/octet-stream' });
      const skeleton = await store.put(join(folder, 'skeleton.onnx'), { mediaType: 'application/octet-stream' });
      const preprocessKey = contentKey('preprocess', 1, pixels.preprocess);
      const output = { sha256: model.sha256, skeletonSha256: skeleton.sha256, inspection };
      return {
        output: output satisfies ImportModelOutput,
        commit: async (tx) => {
          const row = await tx.model.upsert({
            where: { sha256_preprocessKey: { sha256: model.sha256, preprocessKey } },
            create: {
              name,
              sha256: model.sha256,
              skeletonSha256: skeleton.sha256,
              preprocessKey,
              preprocess: { ...pixels.preprocess },
              inspection: storedJson(inspection),
              primaryTask: primaryTask ?? null,
            },
            update: { name, ...(primaryTask ? { primaryTask } : {}) },
          });
          await tx.run.update({ where: { id: run.id }, data: { modelId: row.id } });
        },
      };
    });
}

/**
 * What was said, else what stands beside the file, else the default for this many channels, which is then named. Throws
 * PREPROCESS_CHANNELS when it does not fit the input, now rather than at the first image.
 */
async function choosePreprocess(
  path: string,
  said: Preprocess | undefined,
  { channels, height, width }: ModelInspection['input'],
  bytes: boolean,
): Promise<{ readonly preprocess: Preprocess; readonly notes: readonly string[] }> {
  const declared = said ?? (await readPreprocessBeside(path));
  if (declared) {
    inputSize([null, channels, height, width], declared);
    return { preprocess: declared, notes: [] };
  }
  const { preprocess, note } = defaultPreprocess(channels);
  if (!bytes) return { preprocess, notes: [note] };
  const whole = 'The file takes bytes, so images are taken as numbers from 0 to 255.';
  return { preprocess: { ...preprocess, range: [0, 255] }, notes: [whole] };
}
