import { join } from 'node:path';
import { readResults, type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import { type FinetuneOutput, keepBound, type QuantizeInput, type QuantizeOutput } from '@kneepoint/workflow';
import { resolveNetwork } from './resolve-network.ts';
import type { QuantizeTaskInput, QuantizeTaskOutput } from './tasks/quantize.task.ts';
import { QUANTIZED } from './trained-file.ts';

const TASK = new URL('./tasks/quantize.task.ts', import.meta.url);
const TIMEOUT_MS = 3 * 3600_000;

/** Turns a network into whole numbers in a child process and stores it. */
export function quantize({ config }: ServiceParts): StepHandler {
  return (context) =>
    withTemporaryFolder(config.dataDir, async (outFolder) => {
      const { input, signal, progress, store } = context;
      const job = input as QuantizeInput;
      const archivePath = await store.localPath(job.datasetSha256);
      const network = await resolveNetwork(job.network, context);
      const { keep } = job;
      const whole = keep && (await readResults(context.db, [keep.whole])).of<FinetuneOutput>(keep.whole).tasks;
      const bounds = keep && whole ? whole.map((task) => ({ task: task.task, bound: keepBound(keep.goal, task) })) : [];
      const output = await runTask<QuantizeTaskInput, QuantizeTaskOutput>(
        TASK,
        { job, network, archivePath, outFolder, bounds },
        { provider: 'cpu', memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const { sha256 } = await store.put(join(outFolder, QUANTIZED), { mediaType: 'application/octet-stream' });
      return { output: { modelSha256: sha256, ...output } satisfies QuantizeOutput, provider: output.provider };
    });
}
