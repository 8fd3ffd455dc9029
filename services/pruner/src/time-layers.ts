import { Failure } from '@kneepoint/failures';
import { encodeModel, GraphBuilder, type ModelProto } from '@kneepoint/onnx';
import { type ChannelAnalysis, layerProbes, type LayerTimes, type Probe } from '@kneepoint/pruning';
import { type LatencyModel, measureLatency, type TaskContext } from '@kneepoint/runtime';

const RUNS = 9;
const WARMUP = 2;
/** Numbers that the networks of one run hold together. */
const MOST_ELEMENTS = 64e6;
/** A network on a GPU holds a workspace of its own. */
const MOST_OPEN = { cpu: 1024, cuda: 48, auto: 48 } as const;

export interface TimedNetwork {
  readonly network: ModelProto;
  readonly analysis: ChannelAnalysis;
  /** Widths are multiples of it. */
  readonly multiple: number;
}

/**
 * Times every layer of a network by itself at a few widths, on one thread, interleaved with the whole network in one run (several where they do not fit
 * into memory together), so that what else the machine does meets all of them alike, and least of it counts. The cost of a call is taken off.
 * A layer that does not run by itself is left out.
 */
export async function timeLayers(
  { analysis, network, multiple }: TimedNetwork,
  { provider, signal }: Pick<TaskContext, 'provider' | 'signal'>,
  clock = measureLatency,
): Promise<readonly LayerTimes[]> {
  const layers = layerProbes(analysis, multiple);
  const distinct = new Map(layers.flatMap(({ probes }) => probes.map((probe) => [probe.key, probe])));
  const references: readonly LatencyModel[] = [
    { name: WHOLE, model: encodeModel(network) },
    { name: CALL, model: nothing() },
  ];
  const shares = new Map<string, number>();
  const time = async (together: readonly Probe[]): Promise<void> => {
    const probes = together.map(({ key, model }): LatencyModel => ({ name: key, model: encodeModel(model()) }));
    const latency = await clock([...references, ...probes], {
      ...{ provider, signal, threads: 1, runs: RUNS, warmup: WARMUP, batch: 'declared' },
    });
    const call = latency[CALL]!.p10;
    const whole = latency[WHOLE]!.p10 - call;
    for (const { key } of together) shares.set(key, Math.max(0, latency[key]!.p10 - call) / whole);
  };
  const timeWhatRuns = async (together: readonly Probe[]): Promise<void> => {
    try {
      await time(together);
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'RUNTIME_CANCELED') throw error;
      if (together.length === 1) return;
      const half = Math.ceil(together.length / 2);
      await timeWhatRuns(together.slice(0, half));
      await timeWhatRuns(together.slice(half));
    }
  };
  for (const together of batches([...distinct.values()], MOST_OPEN[provider])) await timeWhatRuns(together);
  return layers.flatMap(({ probes, ...layer }): LayerTimes[] => {
    const times = probes.flatMap(({ key }) => shares.get(key) ?? []);
    return times.length < probes.length ? [] : [{ ...layer, times }];
  });
}

const WHOLE = 'whole';
const CALL = 'call';

/** A network that does next to nothing: what it takes is the call. */
function nothing(): ModelProto {
  const net = new GraphBuilder();
  net.output(net.relu(net.input('x', [1, 1])), [1, 1]);
  return net.build();
}

function batches(probes: readonly Probe[], mostOpen: number): Probe[][] {
  const made: Probe[][] = [];
  let elements = Infinity;
  for (const probe of probes) {
    if (elements + probe.elements > MOST_ELEMENTS || made.at(-1)!.length >= mostOpen) {
      made.push([]);
      elements = 0;
    }
    made.at(-1)!.push(probe);
    elements += probe.elements;
  }
  return made;
}
