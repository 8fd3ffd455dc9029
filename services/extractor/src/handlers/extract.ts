import { join } from 'node:path';
import { type ArtifactStore, type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ExtractInput, ExtractOutput, InputSample } from '@kneepoint/workflow';
import type { ExtractTaskInput, ExtractTaskOutput } from '../tasks/extract.task.ts';

const TASK = new URL('../tasks/extract.task.ts', import.meta.url);
const TIMEOUT_MS = 6 * 3600_000;

/** One shard of images through the model. */
export function extract({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const job = input as ExtractInput;
      const outPath = join(folder, 'responses.arrow');
      const [modelPath, archivePath] = await Promise.all([
        store.localPath(job.modelSha256),
        store.localPath(job.datasetSha256),
      ]);
      const { samples, ...done } = await runTask<ExtractTaskInput, ExtractTaskOutput>(
        TASK,
        { modelPath, archivePath, outPath, job },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const responses = await store.put(outPath, { mediaType: 'application/vnd.apache.arrow.file' });
      const seen = samples && (await Promise.all(samples.map((sample) => keep(store, sample))));
      const output = {
        ...{ responsesSha256: responses.sha256, images: job.to - job.from, ...done },
        ...(seen ? { samples: seen } : {}),
      };
      return { output: output satisfies ExtractOutput, provider: done.provider };
    });
}

async function keep(
  store: ArtifactStore,
  { path, ...sample }: NonNullable<ExtractTaskOutput['samples']>[number],
): Promise<InputSample> {
  const { sha256 } = await store.put(path, { mediaType: 'image/png' });
  return { ...sample, sha256 };
}
