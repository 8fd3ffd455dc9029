import { type Dense, openSession } from '@kneepoint/runtime';
import {
  type DataType,
  feedData,
  type ImageSize,
  inputFeeds,
  type ModelProto,
  seededRandom,
  widenFloat16,
} from '@kneepoint/onnx';

export interface Fed {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: ReturnType<typeof feedData>;
}

/** One drawn feed for a network, whatever its inputs. */
export function feedsOf(model: ModelProto, size?: ImageSize): Fed[] {
  const random = seededRandom(9);
  return inputFeeds(model, size ? { size } : {}).map((feed) => ({ ...feed, data: feedData(feed, random) }));
}

/** What a file answers in a session with ONNX Runtime's own settings; half precision as numbers. */
export async function answersOf(path: string, feeds: readonly Fed[]): Promise<Readonly<Record<string, Dense>>> {
  const session = await openSession(path, { threads: 1 });
  try {
    const results = await session.run(Object.fromEntries(feeds.map(({ name, data, dims }) => [name, { data, dims }])));
    return Object.fromEntries(
      session.outputs.map(({ name, type }) => {
        const { data, dims } = results[name]!;
        return [name, { dims, data: type === 'float16' ? widenFloat16(data as Uint16Array) : data }];
      }),
    );
  } finally {
    await session.release();
  }
}
