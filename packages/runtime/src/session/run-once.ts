import { openSession, type SessionOptions } from './open-session.ts';

/** An array of float32 that is fed to a model by name, or that comes out of it. */
interface Floats {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/**
 * A function that opens encoded bytes, runs them once and lets go of them, for a prover that has no runtime of its own; for use in a
 * task's process only. Outputs of other types come as float32. Throws as `openSession` and `Session.run` do.
 */
export function runOnce(options: SessionOptions) {
  return async (
    model: Uint8Array,
    feeds: readonly ({ readonly name: string } & Floats)[],
  ): Promise<ReadonlyMap<string, Floats>> => {
    const session = await openSession(model, options);
    try {
      const results = await session.run(
        Object.fromEntries(feeds.map(({ name, dims, data }) => [name, { dims, data }])),
      );
      return new Map(
        Object.entries(results).map(([name, { data, dims }]) => [
          name,
          { dims, data: Float32Array.from(data as Float32Array) },
        ]),
      );
    } finally {
      await session.release();
    }
  };
}
