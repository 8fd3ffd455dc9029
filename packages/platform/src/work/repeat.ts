export interface Repeating {
  /** Runs it now, or once more if it is running. */
  notify(): void;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** What a task says that needs no look for a while: whoever gives it something to do notifies. */
export const IDLE = 'idle';
const IDLE_MS = 30_000;

/**
 * Runs `task` now, when notified, and every `everyMs` after the last time (0: only when notified), or every half minute where that is longer
 * and the task said IDLE; never twice at once. A time that failed is told to `failed` and counts like any other: whatever it was, the next
 * one may succeed, and nobody would start a loop anew that had ended.
 */
export function repeat(
  everyMs: number,
  task: () => Promise<typeof IDLE | void>,
  failed: (error: unknown) => void,
): Repeating {
  let stopped = false;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const next = (said: typeof IDLE | void): void => {
    running = undefined;
    if (again) {
      again = false;
      start();
    } else if (!stopped && everyMs > 0) {
      timer = setTimeout(start, said === IDLE ? Math.max(everyMs, IDLE_MS) : everyMs);
    }
  };
  const start = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = Promise.resolve().then(task).catch(failed).then(next);
  };

  start();
  return {
    notify: start,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
