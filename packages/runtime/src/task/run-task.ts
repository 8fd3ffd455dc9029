import type { PoolOptions, PoolRunOptions } from './task-pool.ts';
import { TaskPool } from './task-pool.ts';

export interface RunTaskOptions extends Omit<PoolOptions, 'size'>, PoolRunOptions {}

/**
 * Runs one task in a process of its own and ends the process, whatever happens. `task` is the URL of a module whose default export
 * is `(input: I, context: TaskContext) => Promise<O>`; input and output travel by structured clone. Throws as `TaskPool.run` does.
 *
 * @example
 * const shapes = await runTask<Input, Output>(new URL('./shapes.task.ts', import.meta.url), input, { timeoutMs: 60_000 });
 */
export async function runTask<I, O>(task: URL, input: I, options: RunTaskOptions): Promise<O> {
  const pool = new TaskPool<I, O>(task, { ...options, size: 1 });
  try {
    return await pool.run(input, options);
  } finally {
    await pool.close();
  }
}
