import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, openDataset, packDataset, validatePreprocess } from '@kneepoint/datasets';
import { findTaps } from '@kneepoint/pruning';
import { exposePooled, openSession, pooledResponses, readModelFile, shapesOf } from '@kneepoint/runtime';

/** Real responses of one layer with a binary label each. */
export interface FaceResponses {
  readonly layer: string;
  readonly rows: number;
  readonly filters: number;
  /** rows × filters, row-major. */
  readonly responses: Float32Array;
  /** 0: open eyes, 1: sunglasses. */
  readonly labels: Float64Array;
}

const MODEL = 'head-pose-estimation-adas-0001';
const SIZE = { channels: 3, height: 60, width: 60 } as const;

/**
 * What the widest layer of Open Model Zoo's head-pose network answers to the CMU Face Images. `data` holds models/NAME.onnx with
 * NAME.preprocess.json, and cmu_faces/.
 */
export async function faceResponses(data: string): Promise<FaceResponses> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-bench-'));
  try {
    const model = await readModelFile(join(data, 'models', `${MODEL}.onnx`));
    const declared = await readFile(join(data, 'models', `${MODEL}.preprocess.json`), 'utf8');
    const preprocess = validatePreprocess(JSON.parse(declared));
    const widest = findTaps(model, await shapesOf(model)).reduce((a, b) => (b.channels > a.channels ? b : a));
    const session = await openSession(exposePooled(model, [widest.value]));
    const archive = join(folder, 'faces.tar');
    await packDataset(join(data, 'cmu_faces'), { out: archive });
    const dataset = await openDataset(archive);
    const rows = dataset.images.length;
    const read = batches(dataset, { batchSize: 32, preprocess, size: SIZE });
    const { responses } = await pooledResponses(session, { taps: [widest], images: rows, batches: read });
    await dataset.close();
    await session.release();
    const labels = dataset.manifest.labels['eyes'];
    const values = responses.get(widest.layer);
    if (labels === undefined || values === undefined) throw new Error(`${data}/cmu_faces has no column "eyes"`);
    return { layer: widest.layer, rows, filters: widest.channels, responses: values, labels };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
