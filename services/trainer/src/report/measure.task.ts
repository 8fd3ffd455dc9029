import { stat } from 'node:fs/promises';
import { costs } from '@kneepoint/onnx';
import {
  type ActualProvider,
  type Latency,
  measureLatency,
  readModelFile,
  resolveProvider,
  shapesOf,
  type TaskContext,
} from '@kneepoint/runtime';

export interface MeasureTaskInput {
  readonly networks: readonly { readonly name: string; readonly path: string }[];
  /** Images per run. */
  readonly batch: number;
  /** Timed runs of each network. */
  readonly runs: number;
}

export interface Measured {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly latencyMs: Latency;
}

export interface MeasureTaskOutput {
  /** By name. */
  readonly networks: Readonly<Record<string, Measured>>;
  readonly provider: ActualProvider;
}

/** Counts what each network costs, then times all of them against each other in one interleaved run. */
export default async function measure(input: MeasureTaskInput, context: TaskContext): Promise<MeasureTaskOutput> {
  const { networks, batch, runs } = input;
  const total = networks.length + 1;
  const sizes = new Map<string, Omit<Measured, 'latencyMs'>>();
  for (const [done, { name, path }] of networks.entries()) {
    context.progress({ done, total, unit: 'networks', message: `counting ${name}` });
    sizes.set(name, await sizeOf(path));
  }
  context.progress({ done: networks.length, total, unit: 'networks', message: 'measuring latency' });
  const latency = await measureLatency(
    networks.map(({ name, path }) => ({ name, model: path })),
    { provider: context.provider, signal: context.signal, batch, runs },
  );
  return {
    networks: Object.fromEntries(
      networks.map(({ name }) => [name, { ...sizes.get(name)!, latencyMs: latency[name]! }]),
    ),
    provider: await resolveProvider(context.provider),
  };
}

async function sizeOf(path: string): Promise<Omit<Measured, 'latencyMs'>> {
  const model = await readModelFile(path);
  const { parameters, macs } = costs(model, await shapesOf(model));
  return { parameters, macs, bytes: (await stat(path)).size };
}
