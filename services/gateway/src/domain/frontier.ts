import { setImmediate as breathe } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { Context } from '../context.ts';
import type { CompressionFrontier, CompressionFrontierInput } from '../schema/frontier.ts';
import { openPlanner } from './plans.ts';
import { Remembered } from './remembered.ts';

const MOST_POINTS = 200;

const frontiers = new Remembered<CompressionFrontier>(4 * 2 ** 20);

/** The plan over a range of ε, evenly spaced by ratio: what a person turns a dial through. Throws POINTS_INVALID, EPSILON_INVALID. */
export async function compressionFrontier(
  context: Context,
  { points, least, most, ...input }: CompressionFrontierInput,
): Promise<CompressionFrontier> {
  if (!Number.isInteger(points) || points < 2 || points > MOST_POINTS) {
    throw new Failure('POINTS_INVALID', `points is ${points}`, {
      where: 'input.points',
      fix: `Ask for 2 to ${MOST_POINTS}.`,
    });
  }
  if (!(least > 0 && most < 1 && least < most)) {
    throw new Failure('EPSILON_INVALID', `ε from ${least} to ${most}`, {
      where: 'input.least',
      fix: 'Pass numbers greater than 0 and less than 1, the lesser one as least.',
    });
  }
  const planner = await openPlanner(context, input, { epsilon: least });
  const name = JSON.stringify([points, least, most, planner.key]);
  const known = frontiers.get(name);
  if (known !== undefined) return known;
  const planned = [];
  for (const epsilon of epsilonsBetween(least, most, points)) {
    planned.push({ epsilon, plan: planner.plan({ epsilon }) });
    // Others are answered between two plans.
    await breathe();
  }
  const { bestLayer, pool, before, layers } = planned[0]!.plan;
  const frontier: CompressionFrontier = {
    ...{ bestLayer, pool, before },
    layers: layers.map(({ name: layer, filters, prunable, reason }) => ({ name: layer, filters, prunable, reason })),
    points: planned.map(({ epsilon, plan }) => ({
      epsilon,
      after: plan.after,
      kept: plan.layers.map(({ kept }) => kept),
    })),
  };
  frontiers.set(name, frontier);
  return frontier;
}

/** From the least to the most, evenly by ratio; to three digits between them, where a narrow range has fewer than were asked for. */
export function epsilonsBetween(least: number, most: number, points: number): readonly number[] {
  const rounded = Array.from({ length: points }, (_, index) =>
    Number((least * (most / least) ** (index / (points - 1))).toPrecision(3)),
  );
  const inner = rounded.slice(1, -1).filter((epsilon) => epsilon > least && epsilon < most);
  return [...new Set([least, ...inner, most])];
}
