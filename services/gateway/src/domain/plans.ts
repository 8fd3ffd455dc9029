import { Failure } from '@kneepoint/failures';
import { decodeModel, declaredShapes } from '@kneepoint/onnx';
import type { HeadPool, LinearHead } from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import {
  type CriterionName,
  criterionOf,
  DEFAULT_REGRESSION,
  latencyNeedsRun,
  planCompression,
  type PruneOptions,
  type TaskCurves,
  truncatedMacs,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { CompressionPlan, CompressionPlanInput } from '../schema/plan.ts';
import { bestHeadOf, curveOf, type LayerResult, requireLayerResults } from './analyses.ts';
import { requireDataset } from './datasets.ts';
import { requireModel } from './models.ts';
import { requireWanted, toPruneOptions } from './prune-options.ts';

/** The dry run: the same planning as the pruner's, on the model's skeleton, which carries shapes and no large weights. */
export async function compressionPlan(context: Context, input: CompressionPlanInput): Promise<CompressionPlan> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const wanted = requireWanted(dataset, input.plan);
  const options = toPruneOptions(input.plan, input, model, wanted);
  requireDry(options);
  const resultsOf = (tasks: readonly TaskSpec[]): Promise<readonly (readonly LayerResult[])[]> =>
    Promise.all(tasks.map((task) => requireLayerResults(context, model, dataset, task)));
  const results = await resultsOf(wanted.tasks);
  const tasks = await curvesOf(context, wanted.tasks, results);
  const avoided = await curvesOf(context, wanted.avoided, await resultsOf(wanted.avoided));
  const skeleton = decodeModel(await context.store.read(model.skeletonSha256));
  const shapes = declaredShapes(skeleton);
  if (shapes.size === 0) throw new Failure('INTERNAL', `the skeleton of model ${model.id} carries no shapes`);
  const targets = wanted.tasks.reduce((sum, task) => sum + task.targets.length, 0);
  const { layer, pool } = bestHeadOf(results, { ...options, macs: truncatedMacs(skeleton, shapes, targets) });
  const { channels } = results[0]!.find((result) => result.layer === layer)!;
  const { layers, before, after } = planCompression({
    model: skeleton,
    shapes,
    tasks,
    avoided,
    layer,
    head: emptyHead(targets, channels, pool),
    options,
    seed: DEFAULT_REGRESSION.seed,
  });
  return { bestLayer: layer, pool, before, after, layers };
}

/** A skeleton has neither weights nor images. */
const DRY: readonly CriterionName[] = ['lasso', 'random'];

/** Throws CRITERION_NEEDS_RUN, TARGET_NEEDS_RUN: what a plan cannot know. */
function requireDry(options: PruneOptions): void {
  if (options.target?.kind === 'latency') throw latencyNeedsRun();
  const criterion = criterionOf(options);
  if (DRY.includes(criterion)) return;
  if (options.criterion === undefined) {
    throw new Failure(
      'TARGET_NEEDS_RUN',
      `a plan opens no images, and ${criterion}, which a target is reached by, is measured on them`,
      {
        where: 'target',
        fix: 'Prune with this target; or plan by LASSO, whose widths are then what the curves alone say; or plan with an ε.',
      },
    );
  }
  throw new Failure('CRITERION_NEEDS_RUN', `a plan opens neither weights nor images, which ${criterion} ranks by`, {
    where: 'plan.criterion',
    fix: 'Prune by this criterion, or plan by LASSO or RANDOM.',
  });
}

function curvesOf(
  context: Context,
  tasks: readonly TaskSpec[],
  results: readonly (readonly LayerResult[])[],
): Promise<readonly TaskCurves[]> {
  return Promise.all(
    tasks.map(async ({ name }, index): Promise<TaskCurves> => {
      const curves = await Promise.all(
        results[index]!.map(async ({ layer, result }) => [layer, await curveOf(context, result.curveSha256)] as const),
      );
      return { task: name, curves: new Map(curves) };
    }),
  );
}

/** A head of the right size without values: a plan needs no more. */
function emptyHead(targets: number, channels: number, pool: HeadPool): LinearHead {
  return {
    name: 'head',
    outputName: 'prediction',
    pool,
    weights: new Float64Array(targets * channels * pool ** 2),
    bias: new Float64Array(targets),
  };
}
