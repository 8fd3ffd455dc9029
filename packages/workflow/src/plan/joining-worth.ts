import type { CharacteristicCurve } from '@kneepoint/regression';

/**
 * Worth of each filter for a task: the λ at which it first joins the path, as a share of the largest λ of the path; 0 if it never
 * joins. Between 0 and 1, whatever the task's unit, so that tasks can be set against each other.
 */
export function joiningWorth({ filters, points, supports, lambdaMax }: CharacteristicCurve): Float64Array {
  const worth = new Float64Array(filters);
  if (lambdaMax <= 0) return worth;
  supports.forEach((changes, point) => {
    for (const change of changes) {
      if (change > 0 && worth[change - 1] === 0) worth[change - 1] = points[point]!.lambda / lambdaMax;
    }
  });
  return worth;
}
