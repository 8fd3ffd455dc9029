import { type TypedArray, widenFloat16 } from '@kneepoint/onnx';
import { openSession, type SessionOptions } from './open-session.ts';
import type { Dense } from './session.ts';

/** Numbers that come out of a model, row-major. */
interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/**
 * A function that opens encoded bytes, runs them once and lets go of them, for a prover that has no runtime of its own; for use in a
 * task's process only. Feeds are in the type that the input takes. Outputs of every type come as numbers: float16 widened, integers and
 * booleans as doubles. Throws as `openSession` and `Session.run` do.
 */
export function runOnce(options: SessionOptions) {
  return async (
    model: Uint8Array,
    feeds: readonly ({ readonly name: string } & Dense)[],
  ): Promise<ReadonlyMap<string, Numbers>> => {
    const session = await openSession(model, options);
    try {
      const results = await session.run(
        Object.fromEntries(feeds.map(({ name, dims, data }) => [name, { dims, data }])),
      );
      const halves = new Set(session.outputs.flatMap(({ name, type }) => (type === 'float16' ? [name] : [])));
      return new Map(
        Object.entries(results).map(([name, { data, dims }]) => [
          name,
          { dims, data: numbers(data, halves.has(name)) },
        ]),
      );
    } finally {
      await session.release();
    }
  };
}

/** A copy: the runtime's own memory goes when the session is released. */
function numbers(data: TypedArray, half: boolean): Float32Array | Float64Array {
  if (data instanceof Float32Array) return Float32Array.from(data);
  if (half && data instanceof Uint16Array) return widenFloat16(data);
  return Float64Array.from(data as ArrayLike<number>, Number);
}
