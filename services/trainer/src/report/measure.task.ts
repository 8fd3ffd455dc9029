import { stat, writeFile } from 'node:fs/promises';
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
  declaredFile,
  type DeclaredFile,
  deliver,
  imagesOf,
  type Latency,
  type LayerShare,
  machineFacts,
  type MachineFacts,
  measureDeclared,
  measureLatency,
  originalOf,
  profileLayers,
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
  /** Names of networks that are run again to see what their layers take. */
  readonly profile?: readonly string[];
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
  /** Where the time of each network goes, by its name; of none where that was not asked for, or a card does the work. */
  readonly layers: Readonly<Record<string, readonly LayerShare[]>>;
  readonly provider: ActualProvider;
  readonly machine: MachineFacts;
  /** What the reader of a delivered file should know. */
  readonly notes: readonly string[];
}

interface Counted extends DeclaredFile, Pick<Measured, 'parameters' | 'macs' | 'bytes'> {
  /** Names of the nodes that multiply and accumulate. */
  readonly contractions: ReadonlySet<string>;
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
  const times =
    batch === 'declared'
      ? await measureDeclared(counted, options)
      : await measureLatency(counted, { ...options, batch });
  const layers = new Map<string, readonly LayerShare[]>();
  for (const { name, model, contractions, size } of counted.filter((one) => input.profile?.includes(one.name))) {
    context.progress({ done: networks.length, total, unit: 'networks', message: `timing layers of ${name}` });
    const file = typeof model === 'string' ? await readModelFile(model) : model;
    const network = { name, model: file, layers: contractions, ...(size ? { size } : {}) };
    const { runs: _all, ...ways } = options;
    layers.set(name, await profileLayers(network, { ...ways, batch }));
  }
  return {
    networks: Object.fromEntries(
      counted.map(({ name, parameters, macs, bytes }): [string, Measured] => [
        name,
        { parameters, macs, bytes, latencyMs: times[name]! },
      ]),
    ),
    layers: Object.fromEntries(layers),
    provider: await resolveProvider(context.provider),
    machine: machineFacts(),
    notes,
  };
}

/** What a network costs as it is worked on, and its file, as a path where there is one. */
async function count(
  { name, path, declaredPath }: MeasuredNetwork,
  { batch, deliver: delivery }: MeasureTaskInput,
  notes: string[],
): Promise<Counted> {
  const worked = await readModelFile(path);
  const form = formOf(worked);
  const size = form ? undefined : sizeSaid(worked);
  const { shapes, batch: images } = await shapesAsDeclared(worked, size);
  const { parameters, macs, nodes } = costs(worked, shapes);
  const contractions = new Set(nodes.filter((node) => node.macs > 0).map((node) => node.name));
  const costOf = { parameters, macs: macs / images, contractions };
  if (delivery?.name !== name && (!form || declaredPath !== undefined)) {
    const file = declaredPath ?? path;
    const own = declaredFile(name, worked, declaredPath === undefined ? worked : await readModelFile(declaredPath));
    return { ...own, ...(size ? { size } : {}), model: file, ...costOf, bytes: (await stat(file)).size };
  }
  const file = delivery?.name === name ? await deliverAs(delivery, worked, notes) : await fileOf(worked, batch);
  return { ...declaredFile(name, worked, file), ...costOf, bytes: encodeModel(file).byteLength };
}

/** The file of a network that was worked on in another form; with as many images at a time as are timed where it fixes others. */
async function fileOf(model: ModelProto, batch: number | 'declared'): Promise<ModelProto> {
  const file = await originalOf(model);
  return batch !== 'declared' && imagesOf(file) !== batch ? asDeclared(model, { batch }) : file;
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
