import { decodeModel } from '@kneepoint/onnx';
import { requireNormalisation } from '@kneepoint/pruning';
import type { ModelReference } from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { LaunchCompressionInput } from '../schema/compression.ts';
import type { PlanInput } from '../schema/plan-options.ts';

/**
 * Refuses a criterion that this network gives nothing to go by while nothing has been computed yet, since one that fails later takes
 * its whole comparison with it. Throws PLAN_NEEDS_NORMALISATION.
 */
export async function requireCriteria(
  { store }: Context,
  model: ModelReference,
  { criterion }: Pick<PlanInput, 'criterion'>,
  compare?: LaunchCompressionInput['compare'],
): Promise<void> {
  const where = criterion === 'bnScale' ? 'plan.criterion' : 'compare';
  if (where === 'compare' && !compare?.includes('bnScale')) return;
  requireNormalisation(decodeModel(await store.read(model.skeletonSha256)), where);
}
