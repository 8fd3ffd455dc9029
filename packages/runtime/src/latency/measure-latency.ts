import { Failure } from '@kneepoint/failures';
import type { ImageSize, ModelProto } from '@kneepoint/onnx';
import { elementCount, feedData, narrowFloat16, seededRandom, sizedDims } from '@kneepoint/onnx';
import { typeOfPort } from '../session/port-type.ts';
import type { SessionOptions } from '../session/open-session.ts';
import { openSession } from '../session/open-session.ts';
import type { Dense, Session } from '../session/session.ts';
import { summarize, type Timing } from './summarize.ts';

export interface LatencyOptions extends SessionOptions {
  /** Images per run, or every input at the sizes that the model declares, 1 where the first is free. Default 1. */
  readonly batch?: number | 'declared';
  /** Timed runs per model. Default 30. */
  readonly runs?: number;
  /** Rounds before the clock counts. Default 3. */
  readonly warmup?: number;
  readonly signal?: AbortSignal;
}

export interface LatencyModel {
  readonly name: string;
  readonly model: ModelProto | Uint8Array | string;
  /** Height and width of images where the file leaves them free. */
  readonly size?: ImageSize;
}

/**
 * Times models against each other, in ms per run: one run of each in turn, after one that is not timed, the order reversed every round, so that
 * whatever else the machine does meets all of them alike. Inputs are seeded noise, floats in [0, 1). Throws RUNTIME_FEED_INVALID, RUNTIME_CANCELED and what
 * `openSession` and `run` throw.
 */
export async function measureLatency(
  models: readonly LatencyModel[],
  options: LatencyOptions = {},
): Promise<Record<string, Timing>> {
  const { batch = 1, runs = 30, warmup = 3, signal, ...sessionOptions } = options;
  if (!(runs >= 1)) throw new Failure('RUNTIME_FEED_INVALID', `runs is ${runs}`, { fix: 'time at least one run' });
  const entries: { session: Session; feeds: Record<string, Dense>; times: number[]; name: string }[] = [];
  try {
    for (const { name, model, size } of models) {
      const session = await openSession(model, sessionOptions);
      entries.push({ name, session, feeds: {}, times: [] });
      for (const input of session.inputs) entries.at(-1)!.feeds[input.name] = noiseFor(input, batch, size);
    }
    for (let round = -warmup; round < runs; round++) {
      if (signal?.aborted)
        throw new Failure('RUNTIME_CANCELED', `canceled in round ${round + warmup + 1} of ${runs + warmup}`);
      for (const { session, feeds, times } of round % 2 === 0 ? entries : entries.toReversed()) {
        // What another model has left in the caches is not this one's time: in use a model runs after itself.
        if (entries.length > 1) await session.run(feeds);
        const start = performance.now();
        await session.run(feeds);
        if (round >= 0) times.push(performance.now() - start);
      }
    }
  } finally {
    for (const { session } of entries) await session.release();
  }
  return Object.fromEntries(entries.map(({ name, times }) => [name, summarize(times)]));
}

/** Seeded noise for an input, floats in [0, 1). Throws RUNTIME_FEED_INVALID. */
export function noiseFor(
  { name, type, dims }: Session['inputs'][number],
  batch: number | 'declared',
  size: ImageSize | undefined,
): Dense {
  const [first, ...rest] = sizedDims(dims, size);
  const sized = rest.every((dim) => typeof dim === 'number');
  const isOther = batch !== 'declared' && typeof first === 'number' && first !== batch;
  const element = typeOfPort(type);
  if (!sized || element === undefined || isOther) {
    throw new Failure('RUNTIME_FEED_INVALID', `the model takes ${type} of [${dims.join(', ')}]`, {
      where: `input ${name}`,
      fix: `use a model whose input is of numbers and of fixed size, and takes ${batch === 'declared' ? 'any batch' : `a batch of ${batch}`}`,
    });
  }
  const lead = dims.length === 0 ? [] : [batch === 'declared' ? (typeof first === 'number' ? first : 1) : batch];
  const shape = [...lead, ...rest];
  const random = seededRandom(1);
  const uniform = (): Float32Array => Float32Array.from({ length: elementCount(shape) }, () => random.uniform());
  if (type === 'float32') return { dims: shape, data: uniform() };
  if (type === 'float16') return { dims: shape, data: narrowFloat16(uniform()) };
  return { dims: shape, data: feedData({ name, type: element, dims: shape }, random) };
}
