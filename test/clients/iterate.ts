type Start = (
  next: (value: unknown) => void,
  done: () => void,
  fail: (error: unknown) => void,
) => { unsubscribe(): void };

/** An observable as something to loop over; clients give the former. */
export async function* iterate(start: Start): AsyncGenerator<unknown> {
  const values: unknown[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;
  const tell = (change: () => void) => (): void => {
    change();
    wake();
  };
  const subscription = start(
    (value) => tell(() => values.push(value))(),
    tell(() => (ended = true)),
    (error) => tell(() => (failure = { error }))(),
  );
  try {
    for (;;) {
      while (values.length > 0) yield values.shift();
      if (failure) throw failure.error;
      if (ended) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    subscription.unsubscribe();
  }
}
