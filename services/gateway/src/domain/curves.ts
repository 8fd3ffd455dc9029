import { Failure } from '@kneepoint/failures';
import { knee } from '@kneepoint/regression';
import type { Context } from '../context.ts';
import type { CharacteristicCurve, Knee, KneeCurve } from '../schema/curves.ts';
import { curveOf, requireLayerResults } from './analyses.ts';
import { requireDataset, requireTask } from './datasets.ts';
import { requireEpsilon } from './epsilon.ts';
import { requireModel } from './models.ts';
import { Remembered } from './remembered.ts';

export interface CurveRequest {
  readonly model: string;
  readonly dataset: string;
  readonly task: string;
  readonly maxPoints: number;
}

const MOST_POINTS = 1000;

const knees = new Remembered<Knee>(2 * 2 ** 20);

export async function characteristicCurves(context: Context, request: CurveRequest): Promise<CharacteristicCurve[]> {
  const { maxPoints } = request;
  if (!Number.isInteger(maxPoints) || maxPoints < 2 || maxPoints > MOST_POINTS) {
    throw new Failure('POINTS_INVALID', `maxPoints is ${maxPoints}`, {
      where: 'maxPoints',
      fix: `Ask for 2 to ${MOST_POINTS}.`,
    });
  }
  const dataset = await requireDataset(context, request.dataset);
  const model = await requireModel(context, request.model);
  const results = await requireLayerResults(context, model, dataset, requireTask(dataset, request.task));
  return results.map((source) => ({
    layer: source.layer,
    task: source.result.task,
    filters: source.channels,
    points: thin(source.result.points, maxPoints),
    uncertified: source.result.uncertified,
    source,
  }));
}

export async function kneeOf(
  context: Context,
  curve: CharacteristicCurve,
  epsilon: number,
  on: KneeCurve,
): Promise<Knee> {
  requireEpsilon(epsilon);
  const { curveSha256 } = curve.source.result;
  const name = `${curveSha256} ${epsilon} ${on}`;
  const known = knees.get(name);
  if (known !== undefined) return known;
  const found = knee(await curveOf(context, curveSha256), epsilon, { on });
  knees.set(name, found);
  return found;
}

/** At most that many points, evenly spaced by index, both ends kept. */
function thin<Point>(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, index) => points[Math.round((index * (points.length - 1)) / (most - 1))]!);
}
