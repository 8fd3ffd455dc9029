import { Failure } from '@kneepoint/failures';
import { decodeModel, declaredShapes } from '@kneepoint/onnx';
import type { LinearHead } from '@kneepoint/pruning';
import { planCompression } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { CompressionPlan, CompressionPlanInput } from '../schema/plan.ts';
import { bestLayer, requireLayerResults } from './analyses.ts';
import { curveCache } from './curves.ts';
import { requireDataset, requireTask } from './datasets.ts';
import { toPruneOptions } from './launches.ts';
import { requireModel } from './models.ts';

/** The dry run: the same planning as the pruner's, on the model's skeleton, which carries shapes and no large weights. */
export async function compressionPlan(context: Context, input: CompressionPlanInput): Promise<CompressionPlan> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const task = requireTask(dataset, input.task);
  const options = toPruneOptions(input, input.epsilon, model);
  const results = await requireLayerResults(context, model, dataset, task);
  const layer = options.layer ?? bestLayer(results).layer;
  const { channels } = results.find((result) => result.layer === layer)!;
  const curves = new Map(
    await Promise.all(
      results.map(async ({ layer, result }) => [layer, await curveCache.get(context, result.curveSha256)] as const),
    ),
  );
  const skeleton = decodeModel(await context.store.read(model.skeletonSha256));
  const shapes = declaredShapes(skeleton);
  if (shapes.size === 0) throw new Failure('INTERNAL', `the skeleton of model ${model.id} carries no shapes`);
  const { layers, before, after } = planCompression({
    model: skeleton,
    shapes,
    curves,
    layer,
    head: emptyHead(task.targets.length, channels),
    options,
  });
  return { bestLayer: layer, before, after, layers };
}

/** A head of the right size without values: a plan needs no more. */
function emptyHead(targets: number, channels: number): LinearHead {
  return {
    name: 'head',
    outputName: 'prediction',
    weights: new Float64Array(targets * channels),
    bias: new Float64Array(targets),
  };
}
