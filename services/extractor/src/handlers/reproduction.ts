import { type ServiceParts, type StepHandler, withTemporaryFolder } from '@kneepoint/platform';
import { runTask } from '@kneepoint/runtime';
import type { ReproductionInput, ReproductionOutput } from '@kneepoint/workflow';
import type { ReproductionTaskInput, ReproductionTaskOutput } from '../tasks/reproduction.task.ts';

const TASK = new URL('../tasks/reproduction.task.ts', import.meta.url);
const TIMEOUT_MS = 5 * 60_000;

/** Keeps what follows from the results of a reproduction beside them. */
export function reproduction({ config }: ServiceParts): StepHandler {
  return ({ input, signal, progress, store }) =>
    withTemporaryFolder(config.dataDir, async (outFolder) => {
      const { sha256 } = input as ReproductionInput;
      const made = await runTask<ReproductionTaskInput, ReproductionTaskOutput>(
        TASK,
        { path: await store.localPath(sha256), outFolder },
        { memoryMb: config.memoryMb, timeoutMs: TIMEOUT_MS, signal, onProgress: progress },
      );
      const page = await store.put(made.pagePath, { mediaType: 'text/markdown' });
      const figures = [];
      for (const { name, paper, path } of made.figures) {
        const { sha256: figure } = await store.put(path, { mediaType: 'image/svg+xml' });
        figures.push({ name, paper, sha256: figure });
      }
      const { results, claims } = made;
      const output = { ...results, claims, figures, resultsSha256: sha256, pageSha256: page.sha256 };
      return { output: output satisfies ReproductionOutput };
    });
}
