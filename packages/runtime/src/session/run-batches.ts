import { type TypedArray, widenFloat16 } from '@kneepoint/onnx';
import { openSession, type SessionOptions } from './open-session.ts';
import type { Dense, Session } from './session.ts';

/** Numbers that come out of a model, row-major. */
interface Numbers {
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array;
  /** Whole numbers or truth values. */
  readonly whole?: boolean;
}

type Feeds = readonly ({ readonly name: string } & Dense)[];

/**
 * A function that opens encoded bytes, runs them on each batch and lets go of them, for a prover that has no runtime of its own; for use in
 * a task's process only. Nodes run as they are written, or with all of the runtime's rewriting where a call asks for it. Feeds are in the
 * type that the input takes. Outputs of every type come as numbers: float16 widened, integers and booleans as doubles. Throws as
 * `openSession` and `Session.run` do.
 */
export function runBatches(options: Omit<SessionOptions, 'optimization'> = {}) {
  return async (
    model: Uint8Array,
    batches: readonly Feeds[],
    { optimized = false }: { readonly optimized?: boolean } = {},
  ): Promise<readonly ReadonlyMap<string, Numbers>[]> => {
    const session = await openSession(model, { ...options, optimization: optimized ? 'all' : 'disabled' });
    try {
      const results: ReadonlyMap<string, Numbers>[] = [];
      for (const feeds of batches) results.push(await runOne(session, feeds));
      return results;
    } finally {
      await session.release();
    }
  };
}

async function runOne(session: Session, feeds: Feeds): Promise<ReadonlyMap<string, Numbers>> {
  const results = await session.run(Object.fromEntries(feeds.map(({ name, dims, data }) => [name, { dims, data }])));
  const types = new Map(session.outputs.map(({ name, type }) => [name, type]));
  return new Map(
    Object.entries(results).map(([name, { data, dims }]) => {
      const type = types.get(name) ?? '';
      return [name, { dims, data: numbers(data, type), ...(FLOATS.has(type) ? {} : { whole: true }) }];
    }),
  );
}

const FLOATS: ReadonlySet<string> = new Set(['float32', 'float64', 'float16', 'bfloat16']);

/** A copy: the runtime's own memory goes when the session is released. */
function numbers(data: TypedArray, type: string): Float32Array | Float64Array {
  if (data instanceof Float32Array) return Float32Array.from(data);
  if (type === 'float16' && data instanceof Uint16Array) return widenFloat16(data);
  return Float64Array.from(data as ArrayLike<number>, Number);
}
