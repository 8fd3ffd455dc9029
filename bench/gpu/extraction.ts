import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, DEFAULT_PREPROCESS, openDataset, packDataset, renderFaces } from '@kneepoint/datasets';
import type { ModelProto } from '@kneepoint/onnx';
import { findTaps } from '@kneepoint/pruning';
import {
  exposePooled,
  type ImageBatch,
  openSession,
  type PooledResponses,
  pooledResponses,
  shapesOf,
  type Tap,
} from '@kneepoint/runtime';
import { ZOO } from '../../test/zoo/networks/index.ts';
import { relativeDifference } from './difference.ts';

const SIZE = 224;
const IMAGES = 256;
const BATCH = 32;
/** The CPU is the reference: one batch of it is enough, and its time is told by it. */
const REFERENCE = BATCH;
const ROUNDS = 5;
const NETWORKS = ['VGG-16', 'ResNet-50', 'MobileNetV2'] as const;

/** Responses of every tap of a network at 224 × 224, on the card and on the CPU. */
export interface ExtractionOnCard {
  readonly network: string;
  readonly taps: number;
  /** Largest difference from the CPU over the largest response of the layer, over all layers. */
  readonly difference: number;
  readonly imagesPerSecond: number;
  /** With images decoded beside it. */
  readonly decodedPerSecond: number;
  readonly cpuImagesPerSecond: number;
}

export async function* extractionOnCard(): AsyncGenerator<ExtractionOnCard> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gpu-'));
  try {
    const faces = join(folder, 'faces');
    await renderFaces({ folder: faces, count: IMAGES, seed: 1, size: SIZE });
    const archive = join(folder, 'faces.tar');
    await packDataset(faces, { out: archive });
    for (const network of NETWORKS) yield { network, ...(await measure(ZOO[network]!.make(1, SIZE), archive)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(model: ModelProto, archive: string): Promise<Omit<ExtractionOnCard, 'network'>> {
  const dataset = await openDataset(archive);
  const size = { channels: 3, height: SIZE, width: SIZE } as const;
  const read = () => batches(dataset, { batchSize: BATCH, preprocess: DEFAULT_PREPROCESS, size });
  const decoded: ImageBatch[] = [];
  for await (const { indices, data } of read()) decoded.push({ indices, data: data.slice() });
  const taps: readonly Tap[] = findTaps(model, await shapesOf(model));
  const exposed = exposePooled(
    model,
    taps.map(({ value }) => value),
  );
  const [card, cpu] = [await openSession(exposed, { provider: 'cuda' }), await openSession(exposed)];
  try {
    const first = decoded.slice(0, REFERENCE / BATCH);
    const reference = await pooledResponses(cpu, { taps, images: REFERENCE, batches: each(first) });
    const ours = await pooledResponses(card, { taps, images: REFERENCE, batches: each(first) });
    let [alone, together] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const inMemory = await pooledResponses(card, { taps, images: IMAGES, batches: each(decoded) });
      const fromDisk = await pooledResponses(card, { taps, images: IMAGES, batches: read() });
      alone = Math.max(alone, inMemory.imagesPerSecond);
      together = Math.max(together, fromDisk.imagesPerSecond);
    }
    const again = await pooledResponses(cpu, { taps, images: REFERENCE, batches: each(first) });
    return {
      taps: taps.length,
      difference: differenceOf(ours, reference),
      imagesPerSecond: alone,
      decodedPerSecond: together,
      cpuImagesPerSecond: again.imagesPerSecond,
    };
  } finally {
    await card.release();
    await cpu.release();
    await dataset.close();
  }
}

function differenceOf({ responses }: PooledResponses, reference: PooledResponses): number {
  const each = [...reference.responses].map(([layer, expected]) => relativeDifference(expected, responses.get(layer)!));
  return Math.max(...each);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
