import { DataType, GraphBuilder, type ModelProto, seededRandom } from '@kneepoint/onnx';
import { type ActualProvider, measureLatency, resolveProvider, type TaskContext } from '@kneepoint/runtime';
import { WIDTHS } from './width-step.ts';

export interface WidthTimes {
  readonly provider: ActualProvider;
  /** Milliseconds by width, in the order of `WIDTHS`. */
  readonly times: readonly number[];
}

/** What else the machine does only ever adds: the least of so many counts. */
const REPEATS = 3;
const RUNS = 12;

/** Times a short chain of convolutions at each of a few widths, interleaved. */
export default async function timeWidths(_input: null, context: TaskContext): Promise<WidthTimes> {
  const provider = await resolveProvider(context.provider);
  const models = WIDTHS.map((width) => ({ name: String(width), model: chain(width) }));
  const times = WIDTHS.map(() => Infinity);
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const latency = await measureLatency(models, { provider, threads: 1, runs: RUNS, signal: context.signal });
    WIDTHS.forEach((width, i) => (times[i] = Math.min(times[i]!, latency[String(width)]!.p10)));
  }
  return { provider, times };
}

const CHANNELS = 64;
const SIZE = 24;

/** What networks are made of: 1 × 1, depthwise and 3 × 3 convolutions, of as many channels inside as it says. */
function chain(width: number): ModelProto {
  const net = new GraphBuilder();
  const random = seededRandom(1);
  const weight = (...dims: number[]) => ({
    ...{ dims, type: DataType.FLOAT },
    data: Float32Array.from({ length: dims.reduce((size, dim) => size * dim, 1) }, () => random.uniform() - 0.5),
  });
  const input = net.input('x', ['N', CHANNELS, SIZE, SIZE]);
  const entered = net.relu(net.conv(input, weight(width, CHANNELS, 1, 1)));
  const spread = net.relu(net.conv(entered, weight(width, 1, 3, 3), { group: width, pad: 1 }));
  const mixed = net.relu(net.conv(spread, weight(width, width, 1, 1)));
  const seen = net.relu(net.conv(mixed, weight(width, width, 3, 3), { pad: 1 }));
  net.output(net.conv(seen, weight(CHANNELS, width, 1, 1)), ['N', CHANNELS, SIZE, SIZE]);
  return net.build();
}
