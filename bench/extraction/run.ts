import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { batches, DEFAULT_PREPROCESS, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import type { ModelProto } from '@kneepoint/onnx';
import { encodeModel, Graph, vggStyle } from '@kneepoint/onnx';
import type { ImageBatch, Tap } from '@kneepoint/runtime';
import { exposePooled, openSession, pooledResponses } from '@kneepoint/runtime';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** What extraction costs beside ONNX Runtime alone, as ratios of the fastest of several runs, measured in turn in one process. */
export interface ExtractionFigures {
  /** With decoding and all taps. */
  readonly imagesPerSecond: number;
  /**
   * Images per second with all taps read over those of the bare network, one thread, by processor time: a busy machine moves both
   * alike. At least 0.9 is wanted.
   */
  readonly tappedOverBare: number;
  /** Time with decoding over the sum of decoding alone and inference alone; at most 1.15 is wanted. */
  readonly togetherOverSum: number;
}

const IMAGES = 256;
const SIZE = 60;
const BATCH = 32;

/** A network with the widths and input of Open Model Zoo's head-pose-estimation-adas-0001, and a tap per convolution. */
function network(): { readonly model: ModelProto; readonly taps: readonly Tap[] } {
  const convolutions = [32, 16, 'pool', 64, 'pool', 128, 64, 128, 'pool', 256, 512] as const;
  const model = vggStyle({ widths: convolutions, size: SIZE, seed: 1, batchNorm: true, headTasks: { pose: 3 } });
  const widths = convolutions.filter((width) => width !== 'pool');
  const relus = new Graph(model).topological().filter((node) => node.opType === 'Relu');
  const taps = relus.map((node, i) => ({
    layer: `conv${i + 1}`,
    value: node.output[0] ?? '',
    channels: widths[i] ?? 0,
  }));
  return { model, taps };
}

/** Measures on rendered faces; takes about half a minute on two cores. */
export async function extraction(): Promise<ExtractionFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  const { model, taps } = network();
  const bare = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const values = taps.map(({ value }) => value);
  const single = await openSession(exposePooled(model, values), { threads: 1 });
  const session = await openSession(exposePooled(model, values));
  try {
    await renderFaces({ count: IMAGES, seed: 1, size: 64, folder });
    const archive = join(folder, 'faces.tar');
    await packDataset(folder, { out: archive });
    const dataset = await openDataset(archive);
    const size = { channels: 3, height: SIZE, width: SIZE } as const;
    const read = () => batches(dataset, { batchSize: BATCH, preprocess: DEFAULT_PREPROCESS, size });
    const decoded: ImageBatch[] = [];
    for await (const { indices, data } of read()) decoded.push({ indices, data: data.slice() });

    const first = decoded.slice(0, 1);
    const alone = await fastest(15, processorMs, {
      bare: async () => {
        for (const { indices, data } of first) {
          await bare.run({ [bare.inputNames[0] ?? '']: new Tensor('float32', data, [indices.length, 3, SIZE, SIZE]) });
        }
      },
      tapped: () => pooledResponses(single, { taps, images: BATCH, batches: each(first) }),
    });
    const whole = await fastest(5, () => performance.now(), {
      decoding: async () => {
        for await (const batch of read()) void batch;
      },
      inference: () => pooledResponses(session, { taps, images: IMAGES, batches: each(decoded) }),
      together: () => pooledResponses(session, { taps, images: IMAGES, batches: read() }),
    });
    await dataset.close();
    return {
      imagesPerSecond: (1000 * IMAGES) / whole.together,
      tappedOverBare: alone.bare / alone.tapped,
      togetherOverSum: whole.together / (whole.decoding + whole.inference),
    };
  } finally {
    await session.release();
    await single.release();
    await bare.release();
    await rm(folder, { recursive: true, force: true });
  }
}

/** One run of each work in turn; the fastest counts, because whatever else the machine does can only add. */
async function fastest<K extends string>(
  rounds: number,
  clock: () => number,
  works: Record<K, () => Promise<unknown>>,
): Promise<Record<K, number>> {
  const names = Object.keys(works) as K[];
  const best = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY])) as Record<K, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const start = clock();
      await works[name]();
      best[name] = Math.min(best[name], clock() - start);
    }
  }
  return best;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await extraction());
