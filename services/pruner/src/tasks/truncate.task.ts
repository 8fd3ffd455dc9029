import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel } from '@kneepoint/onnx';
import { metricOf } from '@kneepoint/regression';
import type { TaskContext } from '@kneepoint/runtime';
import { truncateAt, type TruncateInput, type TruncateOutput } from '@kneepoint/workflow';
import { describeModel } from '../describe-model.ts';
import { chanceOf } from '../probe-data.ts';
import { type StartingPointInput, withStartingPoint } from '../starting-point.ts';

export interface TruncateTaskInput extends StartingPointInput {
  readonly job: TruncateInput;
  readonly outFolder: string;
}

export type TruncateTaskOutput = Omit<TruncateOutput, 'modelSha256'>;

/** Image → tasks without pruning: the network up to the layer, the probes as its head. Leaves `truncated.onnx` in the folder. */
export default function truncateForTasks(input: TruncateTaskInput, context: TaskContext): Promise<TruncateTaskOutput> {
  const { job } = input;
  context.progress({ done: 0, total: 1, unit: 'networks', message: 'truncating' });
  return withStartingPoint(input, { ...job, trained: true }, async ({ model, shapes, layer, pool, tasks, head }) => {
    const { network } = truncateAt({ model, shapes, layer, head });
    const thresholds = tasks.map(({ probe }) => probe.thresholds);
    const metrics = tasks.map(({ spec, probe }) => ({
      ...{ task: spec.name, metric: metricOf(spec).name, test: probe.metrics.test },
    }));
    const described = describeModel(network, { job, origin: { layer, pool }, thresholds, metrics });
    await writeFile(join(input.outFolder, 'truncated.onnx'), encodeModel(described));
    return {
      layer,
      pool,
      tasks: tasks.map((task) => ({
        task: task.spec.name,
        ...metricOf(task.spec),
        chance: chanceOf(task, task.parts),
        probe: task.probe.metrics.test,
      })),
    };
  });
}
