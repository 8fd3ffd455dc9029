import { dirname } from 'node:path';
import { batches, openDataset } from '@kneepoint/datasets';
import { encodeModel, freeBatch, inputSpec } from '@kneepoint/onnx';
import {
  batchSizeFor,
  exposePooled,
  gridsOf,
  openSession,
  pooledResponses,
  readModelFile,
  type TaskContext,
  writeResponses,
} from '@kneepoint/runtime';
import type { ExtractInput } from '@kneepoint/workflow';
import { firstLook, type FirstLook } from '../check/first-look.ts';

export interface ExtractTaskInput {
  readonly modelPath: string;
  readonly archivePath: string;
  readonly outPath: string;
  readonly job: ExtractInput;
}

export interface ExtractTaskOutput extends Partial<FirstLook> {
  readonly provider: string;
  readonly imagesPerSecond: number;
}

/** Images [from, to) through the model with every tap pooled inside the runtime, over all positions and on a grid; responses as one Arrow file. */
export default async function extract(input: ExtractTaskInput, context: TaskContext): Promise<ExtractTaskOutput> {
  const { job } = input;
  const model = await readModelFile(input.modelPath);
  const spec = inputSpec(model);
  const values = job.taps.map((tap) => tap.value);
  // Where the whole network runs one image at a time, what its layers answer may still be had of several at once.
  const { model: exposed, freed } = freeBatch(exposePooled(model, values, { grids: gridsOf(job.taps) }));
  const session = await openSession(encodeModel(exposed), { provider: context.provider });
  const dataset = await openDataset(input.archivePath);
  try {
    const batchSize = batchSizeFor({ ...spec, ...(freed ? { batch: 'free' } : {}) });
    const { responses, grids, imagesPerSecond } = await pooledResponses(session, {
      taps: job.taps,
      images: job.to - job.from,
      batches: batches(dataset, {
        from: job.from,
        to: job.to,
        batchSize,
        preprocess: job.preprocess,
        size: spec,
        signal: context.signal,
      }),
      onProgress: (done: number) => context.progress({ done, total: job.to - job.from, unit: 'images' }),
    });
    await writeResponses(input.outPath, { taps: job.taps, from: job.from, responses, grids });
    const look = job.from === 0 ? await firstLook(model, dataset, job, dirname(input.outPath)) : { warnings: [] };
    return { provider: session.provider, imagesPerSecond, ...look };
  } finally {
    await session.release();
    await dataset.close();
  }
}
