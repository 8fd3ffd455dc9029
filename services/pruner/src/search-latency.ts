import { Failure } from '@kneepoint/failures';
import { encodeModel, type ModelProto } from '@kneepoint/onnx';
import { prune } from '@kneepoint/pruning';
import { measureLatency, type TaskContext } from '@kneepoint/runtime';
import { describeTarget, latencyBound, type PlannedCut, type SizeTarget } from '@kneepoint/workflow';

/** The search ends when the MACs are known within a twenty-fifth, or after so many networks. */
const MOST_STEPS = 8;
const CLOSE = 0.96;
/** Share of the MACs below which no network is tried. */
const LEAST_SHARE = 1 / 1024;
const RUNS = 20;

export interface LatencySearch {
  readonly planned: PlannedCut;
  /** Median milliseconds of one image, before and after, in one run. */
  readonly before: number;
  readonly after: number;
}

/**
 * The largest network that is fast enough: bisection over its MACs, on a logarithmic scale. Each candidate is cut for real and timed side by side
 * with the whole network, so that a share is of what the whole one takes at that moment.
 * @param planAt plans at most so many MACs; throws PLAN_TARGET_UNREACHABLE when there is no such network
 * @throws PLAN_TARGET_UNREACHABLE when the fastest network that was tried is too slow
 */
export async function searchLatency(
  model: ModelProto,
  target: SizeTarget,
  planAt: (macs: number) => PlannedCut,
  context: Pick<TaskContext, 'provider' | 'signal' | 'progress'>,
): Promise<LatencySearch> {
  const original = encodeModel(model);
  let steps = 0;
  const attempt = async (planned: PlannedCut): Promise<LatencySearch> => {
    const message = `timing a network of ${Math.round((100 * planned.after.macs) / planned.before.macs)} % of the MACs`;
    context.progress({ done: steps++, total: MOST_STEPS, unit: 'networks', message });
    const latency = await measureLatency(
      [
        { name: 'before', model: original },
        { name: 'after', model: encodeModel(prune(planned.network, planned.shapes, planned.plan)) },
      ],
      { provider: context.provider, signal: context.signal, runs: RUNS },
    );
    return { planned, before: latency['before']!.p50, after: latency['after']!.p50 };
  };

  const whole = await attempt(planAt(Number.MAX_SAFE_INTEGER));
  if (isFast(whole, target)) return whole;
  let [low, high] = [whole.planned.after.macs * LEAST_SHARE, whole.planned.after.macs];
  let best: LatencySearch | undefined;
  let fastest = whole;
  while (steps < MOST_STEPS && low / high < CLOSE) {
    const middle = Math.sqrt(low * high);
    const planned = planWithin(planAt, middle);
    if (!planned) {
      low = middle;
      steps += 1;
      continue;
    }
    const tried = await attempt(planned);
    if (tried.after < fastest.after) fastest = tried;
    if (isFast(tried, target)) {
      best = tried;
      low = middle;
    } else {
      high = Math.min(middle, planned.after.macs);
    }
  }
  if (best) return best;
  throw new Failure(
    'PLAN_TARGET_UNREACHABLE',
    `no network reached ${describeTarget(target)}: the fastest of ${steps} took ${fastest.after.toFixed(2)} ms, the whole one ${fastest.before.toFixed(2)} ms`,
    {
      where: 'target',
      fix: `Ask for ${(100 * Math.max(0, 1 - fastest.after / fastest.before)).toFixed(0)} % less or not as much, or allow fewer filters in each layer.`,
    },
  );
}

/** Whether a network is as fast as the target wants it. */
function isFast({ before, after }: LatencySearch, target: SizeTarget): boolean {
  return after <= latencyBound(target, before);
}

function planWithin(planAt: (macs: number) => PlannedCut, macs: number): PlannedCut | undefined {
  try {
    return planAt(macs);
  } catch (error) {
    if (error instanceof Failure && error.code === 'PLAN_TARGET_UNREACHABLE') return undefined;
    throw error;
  }
}
