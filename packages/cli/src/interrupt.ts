/** Thrown when the person pressed Ctrl-C, or the process was asked to end, and the command has tidied up. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  /** Whether there is no time to wait for others: SIGTERM, which SIGKILL follows. */
  readonly atOnce: boolean;

  constructor(message: string, { atOnce = false }: { readonly atOnce?: boolean } = {}) {
    super(message);
    this.atOnce = atOnce;
  }
}

export const INTERRUPTED_EXIT = 130;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** How long after SIGTERM the process may go on at most, in milliseconds; null, as at first: as long as it needs to let go. */
  limit(ms: number | null): void;
  release(): void;
}

/** A signal that aborts at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
export function interruptSignal(): Interrupt {
  const controller = new AbortController();
  let limitMs: number | null = null;
  const end = (): void => process.exit(INTERRUPTED_EXIT);
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) end();
    const atOnce = name === 'SIGTERM';
    // What still waits for an answer then, from a line that may be dead, is left waiting.
    if (atOnce && limitMs !== null) setTimeout(end, limitMs).unref();
    controller.abort(new Interrupted('interrupted', { atOnce }));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    limit: (ms) => void (limitMs = ms),
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

/** Does work that Ctrl-C ends; whatever it then throws, this throws Interrupted. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = interruptSignal();
  try {
    return await work(interrupt.signal);
  } catch (error) {
    throw interrupt.signal.aborted ? new Interrupted('interrupted') : error;
  } finally {
    interrupt.release();
  }
}
