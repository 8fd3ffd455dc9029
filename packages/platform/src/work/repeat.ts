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
 * and the task said IDLE; never twice at once. `task` must not reject.
 */
export function repeat(everyMs: number, task: () => Promise<typeof IDLE | void>): Repeating {
  let stopped = false;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const start = (): void => {
    clearTimeout(timer);
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = task().then((said) => {
      running = undefined;
      if (again) {
        again = false;
        start();
      } else if (!stopped && everyMs > 0)
        timer = setTimeout(start, said === IDLE ? Math.max(everyMs, IDLE_MS) : everyMs);
    });
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
