/**
 * States that end once whoever reads them leaves, also while the next one is waited for: a generator hears of `return` only at its next
 * `yield`. What is waited for inside must heed the signal that `make` is given; it is aborted with the reader's own, too.
 */
export function leavable<T>(
  reader: AbortSignal | undefined,
  make: (signal: AbortSignal) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const waiting = new AbortController();
  let left = false;
  const states = (async function* (): AsyncGenerator<T> {
    const pass = (): void => waiting.abort(reader?.reason);
    reader?.addEventListener('abort', pass);
    try {
      reader?.throwIfAborted();
      yield* make(waiting.signal);
    } catch (error) {
      // Nobody is there any more to be told.
      if (!left) throw error;
    } finally {
      reader?.removeEventListener('abort', pass);
    }
  })();
  const end = states.return.bind(states);
  states.return = (value) => {
    left = true;
    waiting.abort();
    return end(value);
  };
  return states;
}
