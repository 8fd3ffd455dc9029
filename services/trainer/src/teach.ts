import { join } from 'node:path';
import { type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { TeachInput, TeachOutput } from '@kneepoint/workflow';
import { resolveNetwork } from './resolve-network.ts';
import type { TeachTaskInput, TeachTaskOutput } from './tasks/teach.task.ts';
import { ANSWERS } from './trained-file.ts';

const TASK = new URL('./tasks/teach.task.ts', import.meta.url);
const TIMEOUT_MS = 7 * 3600_000;

/** Asks in a child process and stores the answers. */
export function teach({ config }: ServiceParts): StepHandler {
  return (context) =>
    withTemporaryFolder(config.dataDir, async (outFolder) => {
      const { input, signal, progress, store } = context;
      const job = input as TeachInput;
      const archivePath = await store.localPath(job.datasetSha256);
      const network = await resolveNetwork(job.network, context);
      const output = await runTask<TeachTaskInput, TeachTaskOutput>(
        TASK,
        { job, network, archivePath, outFolder },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const { sha256 } = await store.put(join(outFolder, ANSWERS), { mediaType: 'application/octet-stream' });
      return { output: { answersSha256: sha256, ...output } satisfies TeachOutput, provider: output.provider };
    });
}
