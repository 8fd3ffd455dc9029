import type { ServiceParts, StepHandler } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { BenchmarkInput, BenchmarkOutput } from '@kneepoint/workflow';
import { layerTimes } from './layer-times.ts';
import type { MeasureTaskInput, MeasureTaskOutput } from './measure.task.ts';

const TASK = new URL('./measure.task.ts', import.meta.url);
const TIMEOUT_MS = 3600_000;

/** Times networks of the store against each other in a child process. */
export function benchmark({ config }: ServiceParts): StepHandler {
  return async ({ input, signal, progress, store }) => {
    const { networks, batch, runs, provider = config.provider } = input as BenchmarkInput;
    const files = await Promise.all(
      networks.map(async ({ sha256 }, index) => ({ name: String(index), path: await store.localPath(sha256) })),
    );
    const measured = await runTask<MeasureTaskInput, MeasureTaskOutput>(
      TASK,
      { networks: files, batch, runs, profile: files.map(({ name }) => name) },
      { provider, memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
    );
    const output: BenchmarkOutput = {
      provider: measured.provider,
      batch,
      runs,
      networks: networks.map(({ name, sha256 }, index) => {
        const { parameters, macs, bytes, latencyMs } = measured.networks[String(index)]!;
        const { p50, p95 } = latencyMs;
        return {
          name,
          sha256,
          parameters,
          macs,
          bytes,
          latencyMs: { p50, p95 },
          imagesPerSecond: (1000 * batch) / p50,
          layers: layerTimes(measured.layers[String(index)], p50),
        };
      }),
    };
    return { output, provider: measured.provider };
  };
}
