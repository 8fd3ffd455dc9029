import { runTask } from '@kneepoint/runtime';
import type { ModelInspection } from '@kneepoint/workflow';
import type { InspectInput } from './tasks/inspect.task.ts';

export interface InspectOptions {
  /** Resident memory that the child process may use, in megabytes. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
}

const TASK = new URL('./tasks/inspect.task.ts', import.meta.url);

/** What is known of a model file, without a server or data. Throws ONNX_* and RUNTIME_* failures. */
export function inspectModelFile(
  path: string,
  { memoryMb = 8192, signal }: InspectOptions = {},
): Promise<ModelInspection> {
  return runTask<InspectInput, ModelInspection>(
    TASK,
    { path },
    { memoryMb, timeoutMs: 15 * 60_000, ...(signal ? { signal } : {}) },
  );
}
