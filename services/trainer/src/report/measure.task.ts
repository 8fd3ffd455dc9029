import { writeFile } from 'node:fs/promises';
import { type Preprocess, validatePreprocess } from '@kneepoint/datasets';
import {
  asDeclared,
  costs,
  encodeModel,
  formOf,
  type ImageSize,
  type ModelProto,
  sizeInMetadata,
  type WantedBatch,
} from '@kneepoint/onnx';
import {
  type ActualProvider,
  deliver,
  imagesOf,
  type Latency,
  measureDeclared,
  measureLatency,
  originalOf,
  readModelFile,
  resolveProvider,
  shapesAsDeclared,
  type TaskContext,
} from '@kneepoint/runtime';
import { describeModel } from '@kneepoint/workflow';

export interface MeasuredNetwork {
  readonly name: string;
  /** As it is worked on, or as it is delivered. */
  readonly path: string;
  /** The file that is delivered, where another one than `path` is timed. */
  readonly declaredPath?: string;
}

/** What is written for people. */
export interface Delivery {
  /** Which of the networks. */
  readonly name: string;
  readonly batch?: WantedBatch | undefined;
  /** What the file says beside what it says already. */
  readonly entries: Readonly<Record<string, unknown>>;
  readonly preprocess: Preprocess;
  readonly out: string;
}

export interface MeasureTaskInput {
  readonly networks: readonly MeasuredNetwork[];
  /** Images per run, or as the files declare them: one at a time where that is free. */
  readonly batch: number | 'declared';
  /** Timed runs of each network. */
  readonly runs: number;
  readonly deliver?: Delivery;
}

export interface Measured {
  readonly parameters: number;
  /** For one image. */
  readonly macs: number;
  /** Of the file as it is delivered. */
  readonly bytes: number;
  /** ms of a run; of one image where files are timed as they are declared. */
  readonly latencyMs: Latency;
}

export interface MeasureTaskOutput {
  /** By name. */
  readonly networks: Readonly<Record<string, Measured>>;
  readonly provider: ActualProvider;
  /** What the reader of a delivered file should know. */
  readonly notes: readonly string[];
}

interface Counted {
  readonly name: string;
  /** As it is delivered. */
  readonly written: ModelProto;
  readonly model: ModelProto;
  readonly parameters: number;
  readonly macs: number;
  readonly size: ImageSize | undefined;
}

/** Counts what each network costs, writes what is delivered, then times all of them against each other in one interleaved run. */
export default async function measure(input: MeasureTaskInput, context: TaskContext): Promise<MeasureTaskOutput> {
  const { networks, batch, runs } = input;
  const total = networks.length + 1;
  const counted: Counted[] = [];
  const notes: string[] = [];
  for (const [done, network] of networks.entries()) {
    context.progress({ done, total, unit: 'networks', message: `counting ${network.name}` });
    counted.push(await count(network, input, notes));
  }
  context.progress({ done: networks.length, total, unit: 'networks', message: 'measuring latency' });
  const options = { provider: context.provider, signal: context.signal, runs };
  const timed = await timesOf(counted, batch, options);
  return {
    networks: Object.fromEntries(
      counted.map(({ name, parameters, macs }): [string, Measured] => [name, { parameters, macs, ...timed[name]! }]),
    ),
    provider: await resolveProvider(context.provider),
    notes,
  };
}

async function timesOf(
  counted: readonly Counted[],
  batch: number | 'declared',
  options: Pick<Parameters<typeof measureLatency>[1] & object, 'provider' | 'signal' | 'runs'>,
): Promise<Readonly<Record<string, Pick<Measured, 'bytes' | 'latencyMs'>>>> {
  if (batch === 'declared') {
    const times = await measureDeclared(counted, options);
    return Object.fromEntries(
      Object.entries(times).map(([name, { timing, bytes }]) => [name, { bytes, latencyMs: timing }]),
    );
  }
  const files = counted.map(({ name, written, size }) => ({
    name,
    model: encodeModel(written),
    ...(size ? { size } : {}),
  }));
  const times = await measureLatency(files, { ...options, batch });
  return Object.fromEntries(
    files.map(({ name, model }) => [name, { bytes: model.byteLength, latencyMs: times[name]! }]),
  );
}

async function count(
  network: MeasuredNetwork,
  { batch, deliver: delivery }: MeasureTaskInput,
  notes: string[],
): Promise<Counted> {
  const { name, path, declaredPath } = network;
  const model = await readModelFile(path);
  const size = formOf(model) ? undefined : sizeSaid(model);
  const { shapes, batch: images } = await shapesAsDeclared(model, size);
  const { parameters, macs } = costs(model, shapes);
  const file =
    delivery?.name === name
      ? await deliverAs(delivery, model, notes)
      : declaredPath === undefined
        ? await fileOf(model, batch)
        : await readModelFile(declaredPath);
  return { name, model, written: file, parameters, macs: macs / images, size };
}

/** The file of a network that was worked on in another form; with as many images at a time as are timed where it fixes others. */
async function fileOf(model: ModelProto, batch: number | 'declared'): Promise<ModelProto> {
  const file = await originalOf(model);
  const images = imagesOf(file);
  return formOf(model) && batch !== 'declared' && images !== batch ? asDeclared(model, { batch }) : file;
}

async function deliverAs(
  { batch, entries, preprocess, out }: Delivery,
  model: ModelProto,
  notes: string[],
): Promise<ModelProto> {
  const made = await deliver(model, { batch, levels: preprocess });
  notes.push(...made.notes);
  const file = describeModel(made.model, entries);
  await writeFile(out, encodeModel(file));
  return file;
}

/** The size of images that a file of any size says of itself. */
function sizeSaid(model: ModelProto): ImageSize | undefined {
  const own = model.metadataProps.find(({ key }) => key === 'kneepoint.preprocess')?.value;
  return (own === undefined ? undefined : validatePreprocess(JSON.parse(own)).size) ?? sizeInMetadata(model);
}
