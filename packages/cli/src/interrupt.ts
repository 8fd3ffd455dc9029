/** Thrown when the person pressed Ctrl-C and the command has tidied up. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A signal that aborts at the first Ctrl-C or SIGTERM; the second one ends the process at once. */
export function interruptSignal(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
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
