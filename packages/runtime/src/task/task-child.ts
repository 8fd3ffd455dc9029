import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Failure, FAILURES } from '@kneepoint/failures';
import { bundled } from './bundled.mjs';
import { childEnvironment } from './child-environment.ts';
import { confined } from './confine.ts';
import { crashFailure } from './crash-failure.ts';
import { watchMemory } from './memory.ts';
import type { FromChild, TaskOrder, TaskProgress, ToChild } from './messages.ts';
import { OutputTail } from './output-tail.ts';
import type { Provider } from '../session/provider.ts';

/** Where a task's process writes its lines; a pino logger fits. */
export interface TaskLog {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface ChildOptions {
  /** URL of the module that it will run. */
  readonly task: string;
  readonly memoryMb: number;
  readonly provider: Provider;
  readonly env: Readonly<Record<string, string>>;
  readonly log: TaskLog | undefined;
}

export interface OrderOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds that a task may take to end by itself once `signal` has told it to. Default 3000. */
  readonly graceMs?: number | undefined;
  readonly onProgress: ((update: TaskProgress) => void) | undefined;
  readonly onEvent?: EventHandler | undefined;
}

/** Deals with what a task emits, one event after the other; what it throws is thrown in the task. */
export type EventHandler = (event: unknown) => Promise<void> | void;

const MAIN = new URL('./child-main.ts', import.meta.url).href;
const TSCONFIG = fileURLToPath(new URL('../../../../tsconfig.json', import.meta.url));
/** Looked for only where a source is run as it is: an installed package has none. */
const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const GRACE_MS = 3000;
const LAST_WORDS_MS = 250;
/** setTimeout fires at once above this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One process that runs tasks, one at a time. It is never trusted: every way it can end becomes a coded failure. */
export class TaskChild {
  private readonly process: ChildProcess;
  private readonly memoryMb: number;
  private readonly log: TaskLog | undefined;
  private readonly errors: OutputTail;
  private readonly output: OutputTail;
  private readonly ended: Promise<void>;

  constructor(options: ChildOptions) {
    const { memoryMb, log } = options;
    this.memoryMb = memoryMb;
    this.log = log;
    this.process = startProcess(options);
    const { stdout, stderr } = this.process;
    if (!stdout || !stderr) throw new Failure('RUNTIME_START_FAILED', 'the process came without pipes');
    this.output = new OutputTail(stdout, (line) => log?.debug({ stream: 'stdout', line }, 'task output'));
    this.errors = new OutputTail(stderr, (line) => log?.debug({ stream: 'stderr', line }, 'task output'));
    this.ended = new Promise((resolve) => {
      this.process.once('exit', () => resolve());
      this.process.on('error', (error) => {
        log?.error({ error }, 'task process');
        // Without a pid there was no start, and there will be no exit.
        if (this.pid === undefined) resolve();
      });
    });
  }

  /** Whether the process can take another order. */
  get alive(): boolean {
    const { connected, exitCode, signalCode } = this.process;
    return connected && exitCode === null && signalCode === null;
  }

  /** Resident bytes are asked of the system by this id; undefined when the process never started. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /** Ends the process and waits until it is gone. Nothing in it is worth a polite end: results have arrived, files are the parent's. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Runs one order. When this throws, the process is gone. Throws what the task throws, RUNTIME_* and INTERNAL. */
  async run(order: TaskOrder, options: OrderOptions): Promise<unknown> {
    try {
      return await this.obey(order, options);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  private obey(
    order: TaskOrder,
    { timeoutMs, signal, graceMs = GRACE_MS, onProgress, onEvent }: OrderOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let lastEvent = Promise.resolve();
      const undo: (() => void)[] = [];
      const settle = (act: () => void): void => {
        for (const step of undo.splice(0)) step();
        act();
      };
      const fail = (failure: Failure): void => settle(() => reject(failure));

      const timer = setTimeout(
        () => fail(new Failure('RUNTIME_TIMEOUT', `still running after ${timeoutMs} ms`, { where: order.task })),
        Math.min(timeoutMs, LONGEST_TIMER_MS),
      );
      undo.push(() => clearTimeout(timer));
      if (this.pid !== undefined)
        undo.push(watchMemory(this.pid, this.memoryMb * 2 ** 20, (bytes) => fail(this.overLimit(bytes, order))));

      const canceled = new Failure('RUNTIME_CANCELED', 'the task was canceled', { where: order.task });
      const cancel = (): void => {
        const grace = setTimeout(() => fail(canceled), graceMs);
        undo.push(() => clearTimeout(grace));
        this.send({ kind: 'cancel' });
      };
      signal?.addEventListener('abort', cancel, { once: true });
      undo.push(() => signal?.removeEventListener('abort', cancel));

      const hear = (message: FromChild): void => {
        try {
          if (message.kind === 'progress') onProgress?.(message.update);
          else if (message.kind === 'event') lastEvent = lastEvent.then(() => this.deal(message, onEvent));
          else if (signal?.aborted) fail(canceled);
          else if (message.kind === 'done') settle(() => resolve(message.output));
          else fail(this.received(message));
        } catch (error) {
          // The caller's progress function threw: the work cannot be followed, so it ends.
          fail(Failure.from(error));
        }
      };
      this.process.on('message', hear);
      undo.push(() => this.process.off('message', hear));

      const hearEnd = (): void =>
        void this.lastWords().then(() => fail(signal?.aborted ? canceled : this.crashed(order)));
      this.process.once('exit', hearEnd);
      undo.push(() => this.process.off('exit', hearEnd));

      if (signal?.aborted) fail(canceled);
      else if (!this.alive) hearEnd();
      else
        this.send(order, (error) =>
          fail(
            new Failure('RUNTIME_TASK_INVALID', `the input cannot be sent: ${error.message}`, { where: order.task }),
          ),
        );
    });
  }

  private async deal({ id, event }: FromChild & { kind: 'event' }, onEvent: EventHandler | undefined): Promise<void> {
    try {
      await onEvent?.(event);
      this.send({ kind: 'heard', id });
    } catch (error) {
      this.send({ kind: 'heard', id, failure: Failure.from(error).toJSON() });
    }
  }

  private send(message: ToChild, onRefused: (error: Error) => void = () => undefined): void {
    if (!this.process.connected) return;
    try {
      // A broken channel is reported by the exit; the callback only keeps it from being thrown.
      this.process.send(message, () => undefined);
    } catch (error) {
      onRefused(error as Error);
    }
  }

  private received({ failure, stack }: FromChild & { kind: 'failed' }): Failure {
    // A process that a model took over may send any code.
    if (failure.code in FAILURES && failure.code !== 'INTERNAL') return Failure.fromJSON(failure);
    this.log?.error({ stack }, failure.message);
    const cause = new Error(failure.message);
    cause.stack = stack ?? '';
    return new Failure('INTERNAL', failure.message, { cause });
  }

  private overLimit(bytes: number, order: TaskOrder): Failure {
    const found = Math.ceil(bytes / 2 ** 20);
    return new Failure('RUNTIME_MEMORY_LIMIT', `the process held ${found} MB; the limit is ${this.memoryMb} MB`, {
      where: order.task,
    });
  }

  private crashed(order: TaskOrder): Failure {
    const { exitCode, signalCode, pid } = this.process;
    const words = this.errors.text() || this.output.text();
    return crashFailure({
      started: pid !== undefined,
      exitCode,
      signalCode,
      words,
      memoryMb: this.memoryMb,
      where: order.task,
    });
  }

  /** Waits for what the pipes still hold, but not for ever: a grandchild may keep them open. */
  private async lastWords(): Promise<void> {
    const { stderr } = this.process;
    if (!stderr || stderr.closed) return;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), LAST_WORDS_MS);
    await once(stderr, 'close', { signal: patience.signal }).catch(() => undefined);
    clearTimeout(timer);
  }
}

function startProcess({ task, memoryMb, provider, env }: ChildOptions): ChildProcess {
  const [main, module] = [bundled(MAIN), bundled(task)];
  // Both or neither: what they share must be one module.
  const fast = main !== undefined && module !== undefined;
  const confinement = confined(memoryMb, provider === 'cpu');
  try {
    return fork(fileURLToPath(fast ? main : MAIN), [String(process.pid), fast ? module : task], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(confinement ? { execPath: confinement.execPath } : {}),
      execArgv: [
        ...(confinement?.prefix ?? []),
        ...(fast ? [] : ['--import', loader()]),
        `--max-old-space-size=${memoryMb}`,
      ],
      env: childEnvironment(process.env, env, TSCONFIG),
    });
  } catch (cause) {
    throw new Failure('RUNTIME_START_FAILED', (cause as Error).message, { cause });
  }
}
