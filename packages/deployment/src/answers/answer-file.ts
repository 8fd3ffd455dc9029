import { rename, rm } from 'node:fs/promises';
import { runTask } from '@kneepoint/runtime';
import type { AnswerKind } from '@kneepoint/workflow';
import type { AnswerTaskInput } from '../tasks/answer.task.ts';

const TASK = new URL('../tasks/answer.task.ts', import.meta.url);
const MEMORY_MB = 8192;
const TIMEOUT_MS = 600_000;

/**
 * Puts answers into the graph of a file, in a process of its own; the file is replaced whole or not at all. Throws what `withAnswers` and
 * `proveAnswers` throw, RUNTIME_*.
 */
export async function answerFile(path: string, kind: AnswerKind, signal?: AbortSignal): Promise<void> {
  if (kind === 'raw') return;
  const out = `${path}.${process.pid}.part`;
  try {
    await runTask<AnswerTaskInput, Record<string, never>>(
      TASK,
      { path, kind, out },
      { memoryMb: MEMORY_MB, timeoutMs: TIMEOUT_MS, ...(signal ? { signal } : {}) },
    );
    await rename(out, path);
  } finally {
    await rm(out, { force: true });
  }
}
