import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DEFAULT_PREPROCESS, type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { contentKey, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ImportModelInput, ImportModelOutput, ModelInspection } from '@kneepoint/workflow';
import type { InspectInput } from '../tasks/inspect.task.ts';
import type { ExtractorOptions } from '../extractor.ts';

const TASK = new URL('../tasks/inspect.task.ts', import.meta.url);
const TIMEOUT_MS = 15 * 60_000;

/** Imports a model: the row exists only when the file has proved to be sound. */
export function importModel({ config }: ExtractorOptions): StepHandler {
  return ({ input, run, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const { name, source, preprocess, primaryTask } = input as ImportModelInput;
      const path = 'path' in source ? source.path : await store.localPath(source.artifact);
      const pixels = await choosePreprocess(path, preprocess);
      const inspected = await runTask<InspectInput, ModelInspection>(
        TASK,
        { path, outFolder: folder },
        { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const inspection = { ...inspected, notes: [...inspected.notes, ...pixels.notes] };
      const model = await store.put(join(folder, 'model.onnx'), { mediaType: 'application/octet-stream' });
      const skeleton = await store.put(join(folder, 'skeleton.onnx'), { mediaType: 'application/octet-stream' });
      const preprocessKey = contentKey('preprocess', 1, pixels.preprocess);
      const output = { sha256: model.sha256, skeletonSha256: skeleton.sha256, inspection };
      return {
        output: output satisfies ImportModelOutput,
        artifacts: [model, skeleton],
        commit: async (tx) => {
          const row = await tx.model.upsert({
            where: { sha256_preprocessKey: { sha256: model.sha256, preprocessKey } },
            create: {
              name,
              sha256: model.sha256,
              skeletonSha256: skeleton.sha256,
              preprocessKey,
              preprocess: { ...pixels.preprocess },
              inspection: JSON.parse(JSON.stringify(inspection)) as object,
              primaryTask: primaryTask ?? null,
            },
            update: { name, ...(primaryTask ? { primaryTask } : {}) },
          });
          await tx.run.update({ where: { id: run.id }, data: { modelId: row.id } });
        },
      };
    });
}

/** What was said, else what stands beside the file, else the default, which is then named. */
export async function choosePreprocess(
  modelPath: string,
  said: Preprocess | undefined,
): Promise<{ readonly preprocess: Preprocess; readonly notes: readonly string[] }> {
  if (said) return { preprocess: said, notes: [] };
  const beside = modelPath.replace(/\.onnx$/i, '') + '.preprocess.json';
  let text: string;
  try {
    text = await readFile(beside, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const { channels, range } = DEFAULT_PREPROCESS;
    return {
      preprocess: DEFAULT_PREPROCESS,
      notes: [
        `Preprocessing was not declared for ${basename(modelPath)}: assumed channels ${channels}, range [${range.join(', ')}], mean ${DEFAULT_PREPROCESS.mean.join(',')}, std ${DEFAULT_PREPROCESS.std.join(',')}.`,
      ],
    };
  }
  return { preprocess: validatePreprocess(parseJson(text, beside)), notes: [] };
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('PREPROCESS_INVALID', `the file is not JSON: ${(error as Error).message}`, {
      where,
      fix: 'Write an object such as {"channels":"rgb","range":[0,255],"mean":[0,0,0],"std":[1,1,1]}.',
    });
  }
}
