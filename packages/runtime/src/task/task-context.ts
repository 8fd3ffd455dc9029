import type { Provider } from '../session/provider.ts';
import type { TaskProgress } from './messages.ts';

/** What a task is given beside its input. */
export interface TaskContext {
  /** Tells the parent how far the work is; at most five a second arrive, and always the last one. */
  progress(this: void, update: TaskProgress): void;
  /**
   * Hands something to the parent's `onEvent`, by structured clone, and waits until that has dealt with it. Events arrive in
   * order and none is left out. Rejects with the Failure that the parent's handler threw.
   */
  emit(this: void, event: unknown): Promise<void>;
  /** Aborted when the parent wants the task to end. Its grace later, three seconds unless it was given more, the process is killed. */
  readonly signal: AbortSignal;
  /** A folder of this task alone; the parent removes it whatever happens. */
  readonly tempDir: string;
  /** The execution provider that the parent asked for. */
  readonly provider: Provider;
}

const INTERVAL_MS = 200;

/**
 * Passes on progress at a bounded rate. The newest update wins; the one that completes the work is never held back, nor one that names
 * another stage: stages are few, and a short one would never be seen.
 */
export class ProgressGate {
  private readonly send: (update: TaskProgress) => void;
  private sentAt = Number.NEGATIVE_INFINITY;
  private held: TaskProgress | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stage: string | undefined;

  constructor(send: (update: TaskProgress) => void) {
    this.send = send;
  }

  offer(update: TaskProgress): void {
    // Progress ends up in JSON, which has no word for 0/0.
    if (!Number.isFinite(update.done) || !Number.isFinite(update.total)) return;
    this.held = update;
    const wait = this.sentAt + INTERVAL_MS - performance.now();
    const begins = update.unit === 'stages' && update.message !== this.stage;
    if (begins) this.stage = update.message;
    if (wait <= 0 || begins || update.done >= update.total) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait);
  }

  /** Sends what is held back. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.held) return;
    this.send(this.held);
    this.held = undefined;
    this.sentAt = performance.now();
  }
}
