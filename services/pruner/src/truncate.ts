import { join } from 'node:path';
import { type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { TruncateInput, TruncateOutput } from '@kneepoint/workflow';
import { gatherAnalysis } from './gather-analysis.ts';
import type { TruncateTaskInput, TruncateTaskOutput } from './tasks/truncate.task.ts';

const TASK = new URL('./tasks/truncate.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;

/** Gathers what the analysis left behind, puts the probes behind their layer in a child process, stores the network. */
export function truncate({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store, db }) =>
    withTemporaryFolder(config.dataDir, async (folder) => {
      const job = input as TruncateInput;
      const made = await runTask<TruncateTaskInput, TruncateTaskOutput>(
        TASK,
        { ...(await gatherAnalysis(job, job.tasks, { store, db })), job, outFolder: folder },
        { provider: config.provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const model = await store.put(join(folder, 'truncated.onnx'), { mediaType: 'application/octet-stream' });
      const output: TruncateOutput = { modelSha256: model.sha256, ...made };
      return { output };
    });
}
