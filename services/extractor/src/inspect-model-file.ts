import { runTask } from '@kneepoint/runtime';
import type { ImageSize } from '@kneepoint/onnx';
import type { FileInspection, InspectFileInput } from './tasks/inspect-file.task.ts';

export interface InspectOptions {
  /** Resident memory that the child process may use, in megabytes. */
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
  /** Height and width of images where the file leaves them free. Default: what the file's metadata say. */
  readonly size?: ImageSize;
}

const TASK = new URL('./tasks/inspect-file.task.ts', import.meta.url);

/** What is known of a model file, without a server or data. Throws ONNX_* and RUNTIME_* failures. */
export function inspectModelFile(
  path: string,
  { memoryMb = 8192, signal, size }: InspectOptions = {},
): Promise<FileInspection> {
  return runTask<InspectFileInput, FileInspection>(
    TASK,
    { path, ...(size ? { size } : {}) },
    { memoryMb, timeoutMs: 15 * 60_000, ...(signal ? { signal } : {}) },
  );
}
