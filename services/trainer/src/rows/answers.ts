import { type ModelProto } from '@kneepoint/onnx';
import { type ActualProvider, type Dense, openSession, type Optimization, type Provider } from '@kneepoint/runtime';
import { rowLength, type RowSource } from './row-source.ts';

export interface RunRequest {
  readonly model: ModelProto;
  readonly rows: Int32Array;
  readonly source: RowSource;
  readonly batch: number;
  readonly provider: Provider;
  readonly signal: AbortSignal;
  /** Which variant of every row; as they are when absent. */
  readonly copy?: number;
  /** How far the runtime may rewrite the network; as far as it can when absent. */
  readonly optimization?: Optimization | undefined;
}

export interface AnswersRequest extends RunRequest {
  readonly onBatch?: (done: number) => void;
}

export interface Answers {
  /** rows × outputs, in the order of `rows`. */
  readonly values: Float32Array;
  readonly provider: ActualProvider;
}

/** What a network answers to rows. Its weights are constants here, which ONNX Runtime runs twice as fast as inputs. */
export async function answersOf({ onBatch, ...request }: AnswersRequest): Promise<Answers> {
  const output = request.model.graph!.output[0]!.name;
  const parts: Float32Array[] = [];
  const provider = await runBatches(request, [output], (results, done) => {
    parts.push(results[output]!.data as Float32Array);
    onBatch?.(done);
  });
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (values.set(part, at), at + part.length), 0);
  return { values, provider };
}

/** Runs a network over rows, batch by batch; the next batch is made meanwhile. `onBatch` gets the outputs and how many rows are done. */
export async function runBatches(
  { model, rows, source, batch, provider, signal, copy = 0, optimization }: RunRequest,
  outputs: readonly string[],
  onBatch: (results: Readonly<Record<string, Dense>>, done: number) => void,
): Promise<ActualProvider> {
  const length = rowLength(source);
  const session = await openSession(model, { provider, ...(optimization ? { optimization } : {}) });
  try {
    const buffers = [0, 1].map(() => new Float32Array(Math.min(batch, rows.length) * length));
    const prepare = (from: number): Promise<unknown> | undefined => {
      if (from >= rows.length) return undefined;
      const chosen = rows.subarray(from, from + batch);
      return source.fill(chosen, new Uint8Array(chosen.length).fill(copy), buffers[(from / batch) % 2]!);
    };
    let next = prepare(0);
    for (let from = 0; from < rows.length; from += batch) {
      signal.throwIfAborted();
      await next;
      next = prepare(from + batch);
      next?.catch(() => undefined);
      const count = Math.min(batch, rows.length - from);
      const data = buffers[(from / batch) % 2]!.subarray(0, count * length);
      onBatch(await session.run({ [source.input]: { data, dims: [count, ...source.dims] } }, outputs), from + count);
      await new Promise(setImmediate);
    }
    return session.provider;
  } finally {
    await session.release();
  }
}
