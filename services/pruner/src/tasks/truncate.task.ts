import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel } from '@kneepoint/onnx';
import { judgeChance, metricOf, takeRows } from '@kneepoint/regression';
import type { TaskContext } from '@kneepoint/runtime';
import { truncateAt, type TruncateInput, type TruncateOutput } from '@kneepoint/workflow';
import { describeModel } from '../describe-model.ts';
import { type StartingPointInput, withStartingPoint } from '../starting-point.ts';

export interface TruncateTaskInput extends StartingPointInput {
  readonly job: TruncateInput;
  readonly outFolder: string;
}

export type TruncateTaskOutput = Omit<TruncateOutput, 'modelSha256'>;

/** Image → task without pruning: the network up to the layer, the probe as its head. Leaves `truncated.onnx` in the folder. */
export default function truncateForTask(input: TruncateTaskInput, context: TaskContext): Promise<TruncateTaskOutput> {
  const { job } = input;
  const { task } = job;
  context.progress({ done: 0, total: 1, unit: 'networks', message: 'truncating' });
  return withStartingPoint(input, job.layer, async ({ model, shapes, labels, parts, layer, probe, head }) => {
    const { network } = truncateAt({ model, shapes, layer, head });
    const described = describeModel(network, { job, origin: { layer }, thresholds: probe.thresholds });
    await writeFile(join(input.outFolder, 'truncated.onnx'), encodeModel(described));
    const of = (rows: Int32Array): Float64Array => takeRows(labels, rows, task.targets.length);
    const chance = judgeChance(task, of(parts.train), of(parts.test));
    return { layer, metric: { ...metricOf(task), chance, probe: probe.metrics.test } };
  });
}
