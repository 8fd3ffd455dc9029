import { type ModelProto } from '@kneepoint/onnx';
import { type ActualProvider, openSession, type Provider } from '@kneepoint/runtime';
import { rowLength, type RowSource } from './row-source.ts';

export interface AnswersRequest {
  readonly model: ModelProto;
  readonly rows: Int32Array;
  readonly source: RowSource;
  readonly batch: number;
  readonly provider: Provider;
  readonly signal: AbortSignal;
  readonly onBatch?: (done: number) => void;
}

export interface Answers {
  /** rows × outputs, in the order of `rows`. */
  readonly values: Float32Array;
  readonly provider: ActualProvider;
}

/** What a network answers to rows as they are. Its weights are constants here, which ONNX Runtime runs twice as fast as inputs. */
export async function answersOf({
  model,
  rows,
  source,
  batch,
  provider,
  signal,
  onBatch,
}: AnswersRequest): Promise<Answers> {
  const output = model.graph!.output[0]!.name;
  const length = rowLength(source);
  const session = await openSession(model, { provider });
  try {
    const parts: Float32Array[] = [];
    const buffers = [0, 1].map(() => new Float32Array(Math.min(batch, rows.length) * length));
    const prepare = (from: number): Promise<unknown> | undefined =>
      from < rows.length
        ? source.fill(rows.subarray(from, from + batch), null, buffers[(from / batch) % 2]!)
        : undefined;
    let next = prepare(0);
    for (let from = 0; from < rows.length; from += batch) {
      signal.throwIfAborted();
      await next;
      next = prepare(from + batch);
      next?.catch(() => undefined);
      const count = Math.min(batch, rows.length - from);
      const data = buffers[(from / batch) % 2]!.subarray(0, count * length);
      const results = await session.run({ [source.input]: { data, dims: [count, ...source.dims] } }, [output]);
      parts.push(results[output]!.data as Float32Array);
      onBatch?.(from + count);
      await new Promise(setImmediate);
    }
    const values = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (values.set(part, at), at + part.length), 0);
    return { values, provider: session.provider };
  } finally {
    await session.release();
  }
}
