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
import { type Goal, requireWanted, toPruneOptions } from './prune-options.ts';

/** The dry run: the same planning as the pruner's, on the model's skeleton, which carries shapes and no large weights. */
export async function compressionPlan(context: Context, input: CompressionPlanInput): Promise<CompressionPlan> {
  const planner = await openPlanner(context, input, input);
  return planner.plan(input);
}

/** Plans cuts of one network for the same tasks, by what was read once. */
export interface Planner {
  /** Throws EPSILON_INVALID, TARGET_INVALID, CRITERION_NEEDS_RUN, TARGET_NEEDS_RUN and what `toPruneOptions` throws. */
  plan(goal: Goal): CompressionPlan;
  /** Tells apart what gives other plans. */
  readonly key: string;
}

/** `first`: a goal that will be planned for, refused before anything is read. Throws ID_INVALID, TASK_UNKNOWN, ANALYSIS_MISSING, what `requireWanted` throws and what planning for that goal does. */
export async function openPlanner(
  context: Context,
  input: Pick<CompressionPlanInput, 'model' | 'dataset' | 'plan'>,
  first: Goal,
): Promise<Planner> {
  const dataset = await requireDataset(context, input.dataset);
  const model = await requireModel(context, input.model);
  const wanted = requireWanted(dataset, input.plan);
  requireDry(toPruneOptions(input.plan, first, model, wanted));
  const resultsOf = (tasks: readonly TaskSpec[]): Promise<readonly (readonly LayerResult[])[]> =>
    Promise.all(tasks.map((task) => requireLayerResults(context, model, dataset, task)));
  const results = await resultsOf(wanted.tasks);
  const avoidedResults = await resultsOf(wanted.avoided);
  const tasks = await curvesOf(context, wanted.tasks, results);
  const avoided = await curvesOf(context, wanted.avoided, avoidedResults);
  const skeleton = decodeModel(await context.store.read(model.skeletonSha256));
  const shapes = declaredShapes(skeleton);
  if (shapes.size === 0) throw new Failure('INTERNAL', `the skeleton of model ${model.id} carries no shapes`);
  const targets = wanted.tasks.reduce((sum, task) => sum + task.targets.length, 0);
  const macs = truncatedMacs(skeleton, shapes, targets);
  const curves = [...results, ...avoidedResults].flat().map(({ result }) => result.curveSha256);
  return {
    key: JSON.stringify([model.skeletonSha256, curves, input.plan]),
    plan(goal) {
      const options = toPruneOptions(input.plan, goal, model, wanted);
      requireDry(options);
      const { layer, pool } = bestHeadOf(results, { ...options, macs });
      const { channels } = results[0]!.find((result) => result.layer === layer)!;
      const head = emptyHead(targets, channels, pool);
      const { seed } = DEFAULT_REGRESSION;
      const planned = planCompression({ model: skeleton, shapes, tasks, avoided, layer, head, options, seed });
      const { layers, before, after } = planned;
      return { bestLayer: layer, pool, before, after, layers };
    },
  };
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
