import {
  type DataType,
  feedData,
  type ImageSize,
  inputFeeds,
  type ModelProto,
  seededRandom,
  widenFloat16,
} from '@kneepoint/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface Fed {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: ReturnType<typeof feedData>;
}

export interface Answer {
  readonly dims: readonly number[];
  /** Half precision as numbers. */
  readonly data: ArrayLike<number | bigint>;
}

/** One drawn feed for a network, whatever its inputs. */
export function feedsOf(model: ModelProto, size?: ImageSize): Fed[] {
  const random = seededRandom(9);
  return inputFeeds(model, size ? { size } : {}).map((feed) => ({ ...feed, data: feedData(feed, random) }));
}

/** What a file answers in a session with ONNX Runtime's own settings, by output. */
export async function answersOf(path: string, feeds: readonly Fed[]): Promise<ReadonlyMap<string, Answer>> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const tensors = feeds.flatMap(({ name, data, dims }) => {
      const port = session.inputMetadata.find((input) => input.name === name);
      return port?.isTensor ? [[name, new Tensor(port.type as 'float32', data as Float32Array, dims)] as const] : [];
    });
    const results = await session.run(Object.fromEntries(tensors));
    return new Map(
      session.outputNames.map((name) => {
        const { data, dims, type } = results[name]!;
        return [
          name,
          { dims, data: type === 'float16' ? widenFloat16(data as unknown as Uint16Array) : (data as Float32Array) },
        ];
      }),
    );
  } finally {
    await session.release();
  }
}
