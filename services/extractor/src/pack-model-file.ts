import { runTask } from '@kneepoint/runtime';
import type { PackModelInput } from './tasks/pack-model.task.ts';

const TASK = new URL('./tasks/pack-model.task.ts', import.meta.url);

/**
 * The one file to send for a model: its own, or `out`, written from all its files, where weights lie beside it. Throws EXTERNAL_DATA_*
 * and MODEL_* failures.
 */
export async function packModelFile(
  path: string,
  out: string,
  { memoryMb = 8192, signal }: { readonly memoryMb?: number; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const limits = { memoryMb, timeoutMs: 15 * 60_000, ...(signal ? { signal } : {}) };
  return (await runTask<PackModelInput, boolean>(TASK, { path, out }, limits)) ? out : path;
}
