import { batches, openDataset, type Preprocess } from '@kneepoint/datasets';
import { encodeModel, freeBatch, inputSpec } from '@kneepoint/onnx';
import { findTaps } from '@kneepoint/pruning';
import { analyseLayer, type AnalysedTask, labelBins, responsesByBin } from '@kneepoint/regression';
import {
  batchSizeFor,
  exposePooled,
  openSession,
  pooledResponses,
  readModelFile,
  shapesOf,
  type TaskContext,
} from '@kneepoint/runtime';

export interface ResponsesInput {
  readonly modelPath: string;
  /** A packed data set. */
  readonly archivePath: string;
  readonly preprocess: Preprocess;
  /** Tasks that are fitted. */
  readonly tasks: readonly string[];
  /** Task by which responses are binned; null for none. */
  readonly binned: string | null;
  readonly seed: number;
}

export interface ResponsesOutput {
  readonly images: number;
  readonly layers: number;
  readonly regressionSeconds: number;
  readonly lastLayerSeconds: number;
  readonly layer: string;
  readonly bins: readonly { readonly name: string; readonly rows: number; readonly mean: readonly number[] }[];
  readonly explained: readonly number[];
}

/** Groups of as many images each. */
const BINS = 9;

/** Responses of all layers in hand: how long least squares takes for all tasks, and what filters of the last layer answer to images of each bin. */
export default async function responses(input: ResponsesInput, context: TaskContext): Promise<ResponsesOutput> {
  const model = await readModelFile(input.modelPath);
  const taps = findTaps(model, await shapesOf(model));
  const { model: exposed, freed } = freeBatch(
    exposePooled(
      model,
      taps.map(({ value }) => value),
    ),
  );
  const session = await openSession(encodeModel(exposed), { provider: context.provider });
  const dataset = await openDataset(input.archivePath);
  try {
    const spec = inputSpec(model);
    const images = dataset.images.length;
    const { responses: read } = await pooledResponses(session, {
      taps: taps.map(({ layer, value, channels }) => ({ layer, value, channels })),
      images,
      batches: batches(dataset, {
        batchSize: batchSizeFor({ ...spec, ...(freed ? { batch: 'free' as const } : {}) }),
        preprocess: input.preprocess,
        size: spec,
        signal: context.signal,
      }),
      onProgress: (done) => context.progress({ done, total: images, unit: 'images' }),
    });
    const { manifest } = dataset;
    const tasks = manifest.tasks.map((task): AnalysedTask => ({
      spec: task,
      labels: manifest.labels[task.name]!,
      splitBy: manifest.splitBy[task.name] ?? 'group',
    }));
    const fitted = tasks.filter(({ spec: { name } }) => input.tasks.includes(name));
    const all = [...read.values()];
    const last = taps.at(-1)!;
    // Once unmeasured, so that what is compiled on its first use does not count.
    await fit(all.slice(-1), fitted, input.seed, dataset.manifest.groups);
    const regressionSeconds = await fit(all, fitted, input.seed, dataset.manifest.groups);
    const lastLayerSeconds = await fit(all.slice(-1), fitted, input.seed, dataset.manifest.groups);
    const binned = tasks.find(({ spec: { name } }) => name === input.binned);
    return {
      ...{ images, layers: taps.length, regressionSeconds, lastLayerSeconds, layer: last.layer },
      ...(binned ? byBin(read.get(last.layer)!, last.channels, binned, images) : { bins: [], explained: [] }),
    };
  } finally {
    await session.release();
    await dataset.close();
  }
}

/** Seconds for probes of all tasks on some layers, on one partition. */
async function fit(
  layers: readonly Float32Array[],
  tasks: readonly AnalysedTask[],
  seed: number,
  groups: Int32Array | undefined,
): Promise<number> {
  const started = performance.now();
  for (const read of layers) {
    await analyseLayer({ responses: read, tasks, groups, seed, trials: 1, curves: false, diagnostics: false });
  }
  return (performance.now() - started) / 1000;
}

function byBin(
  read: Float32Array,
  filters: number,
  task: AnalysedTask,
  images: number,
): Pick<ResponsesOutput, 'bins' | 'explained'> {
  const bins = labelBins(task, images, BINS);
  const { mean, rows, explained } = responsesByBin(read, filters, bins);
  return {
    bins: bins.bins.map(({ name }, bin) => ({
      ...{ name, rows: rows[bin]! },
      // A bin without images has no mean, and JSON no word for that.
      mean: [...mean.subarray(bin * filters, (bin + 1) * filters)].map((value) => (Number.isNaN(value) ? 0 : value)),
    })),
    explained: [...explained],
  };
}
