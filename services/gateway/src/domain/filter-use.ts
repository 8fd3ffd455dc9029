import { filterOverlap, knee } from '@kneepoint/regression';
import { explained } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { FilterUse } from '../schema/filter-use.ts';
import { analysisMissing, curveOf, findLayerResult } from './analyses.ts';
import { requireDataset, requireTasks } from './datasets.ts';
import { requireEpsilon } from './epsilon.ts';
import { requireLayer } from './layers.ts';
import { requireModel } from './models.ts';
import { Remembered } from './remembered.ts';

export interface FilterUseRequest {
  readonly model: string;
  readonly dataset: string;
  readonly layer: string;
  readonly epsilon: number;
  readonly tasks: readonly string[] | null;
}

/** By the curves that they were read from, so that they hold for whoever may read those. */
const known = new Remembered<FilterUse>(4 * 2 ** 20);

/** Which filters of a layer each task uses at its knee, and what the tasks share. Throws EPSILON_INVALID, LAYER_UNKNOWN, TASK_UNKNOWN, ANALYSIS_MISSING. */
export async function filterUse(context: Context, request: FilterUseRequest): Promise<FilterUse> {
  const { epsilon } = request;
  requireEpsilon(epsilon);
  const dataset = await requireDataset(context, request.dataset);
  const model = await requireModel(context, request.model);
  const layer = requireLayer(model, request.layer, 'layer');
  const asked = requireTasks(dataset, request.tasks);
  const found = await Promise.all(asked.map((task) => findLayerResult(context, { model, dataset, task, layer })));
  const missing = found.indexOf(null);
  // Who names no task wants those that there are.
  if (missing >= 0 && (request.tasks !== null || found.every((result) => result === null))) {
    throw analysisMissing(model, dataset, asked[missing]!, `${layer} is not done`);
  }
  const tasks = asked.filter((_, at) => found[at] !== null);
  const results = found.filter((result) => result !== null);
  const name = JSON.stringify([layer, epsilon, results.map(({ result }) => result.curveSha256)]);
  const earlier = known.get(name);
  if (earlier !== undefined) return earlier;
  const knees = await Promise.all(
    results.map(async ({ result }) => knee(await curveOf(context, result.curveSha256), epsilon)),
  );
  const filters = results[0]!.channels;
  const { shared, jaccard, byChance } = filterOverlap(
    knees.map(({ kept }) => kept),
    filters,
  );
  const use: FilterUse = {
    ...{ layer, filters, epsilon },
    tasks: tasks.map((task, at) => ({ task: task.name, kept: knees[at]!.kept, explained: explained(knees[at]!) })),
    overlaps: tasks.flatMap((task, at) =>
      tasks.slice(at + 1).map((other, behind) => {
        const to = at + 1 + behind;
        return {
          ...{ task: task.name, other: other.name, shared: shared[at]![to]! },
          ...{ jaccard: jaccard[at]![to]!, byChance: byChance[at]![to]! },
        };
      }),
    ),
  };
  known.set(name, use);
  return use;
}
