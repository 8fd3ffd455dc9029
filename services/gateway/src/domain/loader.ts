/** Finds what belongs to a key, together with whatever else is looked for at that moment. */
export interface Loader<Key, Value> {
  load(key: Key): Promise<Value>;
}

/** How a DataLoader gathers what is looked for. */
export interface Gathering {
  readonly cache: boolean;
  readonly maxBatchSize: number;
  readonly batchScheduleFn: (send: () => void) => void;
}

/** A loader that reads nothing twice. */
export function rememberingLoader<Key, Value>(
  loader: Loader<Key, Value>,
  nameOf: (key: Key) => string,
): Loader<Key, Value> {
  const known = new Map<string, Promise<Value>>();
  return {
    load(key) {
      const name = nameOf(key);
      const found = known.get(name) ?? loader.load(key);
      known.set(name, found);
      return found;
    },
  };
}
