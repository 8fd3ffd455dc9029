import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImageSize } from '@kneepoint/onnx';
import { runTask } from '@kneepoint/runtime';
import type { WantedBatch } from './declared-form.ts';
import type { SurgeryTaskInput, SurgeryTaskOutput } from './tasks/surgery.task.ts';

export interface SurgeryRequest {
  readonly path: string;
  /** A name of the registry of criteria: l1, random. */
  readonly criterion: string;
  /** Share of the prunable channel classes to remove, between 0 and 1. */
  readonly ratio: number;
  readonly seed: number;
  /** Every layer keeps a multiple of this many filters, or all it has. Default that of the CPU. */
  readonly roundTo?: number;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
  /** The batch of the written file. Default: that of the original. */
  readonly batch?: WantedBatch;
  readonly out: string;
  readonly memoryMb?: number;
  readonly signal?: AbortSignal;
}

export type SurgeryResult = SurgeryTaskOutput;

const TASK = new URL('./tasks/surgery.task.ts', import.meta.url);

/** Prunes a file by a criterion that needs no data and proves it; `out` appears whole or not at all. */
export async function surgeryFile(request: SurgeryRequest): Promise<SurgeryResult> {
  const { out, signal, memoryMb = 8192, ...rest } = request;
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-surgery-'));
  const partial = `${out}.${process.pid}.part`;
  try {
    const made = join(folder, 'out.onnx');
    const result = await runTask<SurgeryTaskInput, SurgeryTaskOutput>(
      TASK,
      { ...rest, out: made },
      { memoryMb, timeoutMs: 3600_000, ...(signal ? { signal } : {}) },
    );
    await mkdir(dirname(out), { recursive: true });
    await copyFile(made, partial);
    await rename(partial, out);
    return result;
  } finally {
    await rm(partial, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
