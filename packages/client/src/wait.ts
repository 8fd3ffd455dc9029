/** Resolves after so many milliseconds; rejects with the signal's reason when it is aborted before. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * What a promise gives, or `late` when that takes longer than so many milliseconds; rejects with the signal's reason when it is aborted before.
 * The same promise may be waited for again: nothing of a wait is left behind.
 */
export async function within<T, Late>(
  ms: number,
  promise: Promise<T>,
  late: Late,
  signal?: AbortSignal,
): Promise<T | Late> {
  signal?.throwIfAborted();
  const timer = new AbortController();
  const stop = (): void => timer.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    return await Promise.race([promise, wait(ms, timer.signal).then(() => late)]);
  } finally {
    signal?.removeEventListener('abort', stop);
    timer.abort();
  }
}
