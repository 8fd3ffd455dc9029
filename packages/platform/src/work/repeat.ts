export interface Repeating {
  /** Runs it now, or once more if it is running. */
  notify(): void;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

/** Runs `task` now, when notified, and every `everyMs` after the last time (0: only when notified); never twice at once. `task` must not reject. */
export function repeat(everyMs: number, task: () => Promise<void>): Repeating {
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
    running = task().finally(() => {
      running = undefined;
      if (again) {
        again = false;
        start();
      } else if (!stopped && everyMs > 0) timer = setTimeout(start, everyMs);
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
