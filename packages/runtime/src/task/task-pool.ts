import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@kneepoint/failures';
import type { Provider } from '../session/provider.ts';
import { residentBytes } from './memory.ts';
import type { TaskProgress } from './messages.ts';
import { Slots } from './slots.ts';
import type { EventHandler, TaskLog } from './task-child.ts';
import { TaskChild } from './task-child.ts';

export interface PoolOptions {
  /** Processes at most. */
  readonly size: number;
  /** Resident memory of one process, MB. Default 4096. */
  readonly memoryMb?: number;
  /** Time of one task, from when a process takes it, ms. */
  readonly timeoutMs: number;
  /** Handed to the task as `context.provider`. Default cpu. */
  readonly provider?: Provider;
  /** Variables for the process beside the few that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: TaskLog;
}

export interface PoolRunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((update: TaskProgress) => void) | undefined;
  readonly onEvent?: EventHandler | undefined;
  /** Milliseconds that the task may take to end by itself once `signal` has told it to, such as to save what it has. Default 3000. */
  readonly graceMs?: number | undefined;
}

/**
 * Runs many tasks of one module in processes that stay warm between them, which saves each the half second of a start. A process
 * whose task failed, was canceled or left more than half the memory behind is thrown away. Close the pool when done.
 */
export class TaskPool<I, O> {
  private readonly task: string;
  private readonly options: PoolOptions;
  private readonly memoryMb: number;
  private readonly slots: Slots;
  private readonly idle: TaskChild[] = [];
  private closed = false;

  /** `task` is the URL of a module whose default export is `(input: I, context: TaskContext) => Promise<O>`. */
  constructor(task: URL, options: PoolOptions) {
    this.task = task.href;
    this.options = options;
    this.memoryMb = positive('memoryMb', Math.ceil(options.memoryMb ?? 4096));
    positive('timeoutMs', options.timeoutMs);
    this.slots = new Slots(positive('size', options.size));
  }

  /**
   * Runs the task on one input; both travel by structured clone. Waits for a free process in order of arrival. Throws the
   * Failure that the task throws, RUNTIME_MEMORY_LIMIT, RUNTIME_TIMEOUT, RUNTIME_CANCELED, RUNTIME_CRASHED,
   * RUNTIME_START_FAILED, RUNTIME_TASK_INVALID, and INTERNAL (with the child's stack as cause) for anything else.
   */
  async run(input: I, options: PoolRunOptions = {}): Promise<O> {
    if (this.closed) throw new Failure('RUNTIME_TASK_INVALID', 'the pool is closed', { where: this.task });
    await this.slots.take(options.signal);
    try {
      return (await this.runIn(await mkdtemp(join(tmpdir(), 'kneepoint-task-')), input, options)) as O;
    } finally {
      this.slots.free();
    }
  }

  /** Ends the idle processes; a task that still runs is finished first and its process ended then. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.idle.splice(0).map((child) => child.kill()));
  }

  private async runIn(
    tempDir: string,
    input: I,
    { signal, graceMs, onProgress, onEvent }: PoolRunOptions,
  ): Promise<unknown> {
    const { timeoutMs, provider = 'cpu' } = this.options;
    try {
      const child = this.idleChild() ?? this.startChild();
      const order = { kind: 'run', task: this.task, input, tempDir, provider } as const;
      const output = await child.run(order, { timeoutMs, signal, graceMs, onProgress, onEvent });
      await this.retire(child);
      return output;
    } finally {
      await rm(tempDir, { recursive: true, force: true });
    }
  }

  private idleChild(): TaskChild | undefined {
    for (let child = this.idle.pop(); child; child = this.idle.pop()) if (child.alive) return child;
    return undefined;
  }

  private startChild(): TaskChild {
    const { env = {}, log, provider = 'cpu' } = this.options;
    return new TaskChild({ task: this.task, memoryMb: this.memoryMb, provider, env, log });
  }

  private async retire(child: TaskChild): Promise<void> {
    const held = this.closed || child.pid === undefined ? undefined : await residentBytes(child.pid);
    // What earlier tasks left behind must not count against the next one.
    if (this.closed || held === undefined || held > this.memoryMb * 2 ** 19) await child.kill();
    else this.idle.push(child);
  }
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new Failure('RUNTIME_TASK_INVALID', `${name} is ${value}`, { fix: `${name} must be more than 0` });
}
