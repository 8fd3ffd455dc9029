import { Failure } from '@kneepoint/failures';
import { encodeModel, type ModelProto } from '@kneepoint/onnx';
import { type Plan, prune, type TimeTarget, timeTerms } from '@kneepoint/pruning';
import { measureLatency, type TaskContext } from '@kneepoint/runtime';
import { describeTarget, latencyBound, type PlannedCut, type SizeTarget } from '@kneepoint/workflow';
import { timeLayers } from './time-layers.ts';

/** Whole networks that are timed at most until one is found, the uncut one among them. */
const MOST_NETWORKS = 6;
/** A network that is fast enough is not worth another try where it takes this share of what it may. */
const CLOSE = 0.9;
/** And from this share on, only where the table knows one that comes as near as the measurements say. */
const GOOD = 0.8;
/** After a network that was too slow, the next one is asked to be faster than its measurement says by this much. */
const CAUTION = 0.97;
/** Bisections that find what can be planned at all cost no measurement. */
const MOST_PLANS = 12;
/** Times so near to each other are one. */
const EQUAL = 0.98;
/** Powers beyond this are noise, and below 1 too: an order that is not kept must not be answered by one far below it. */
const STEEPEST = 4;
const RUNS = 30;

/** A network that was timed. */
export interface TimedPlan {
  /** Milliseconds of one image, before and after, medians of 30 in one run: what a report tells in the end. */
  readonly before: number;
  readonly after: number;
  /** Milliseconds that the table of its layers said; what was measured where nothing is cut. */
  readonly forecast: number;
}

export interface LatencySearch extends TimedPlan {
  /** Its candidates are those that are fast enough. */
  readonly planned: PlannedCut;
  /** All candidates. */
  readonly byPlan: ReadonlyMap<Plan, TimedPlan>;
  /** How many whole networks were timed. */
  readonly networks: number;
}

interface Timed extends TimedPlan {
  readonly planned: PlannedCut;
}

export interface LatencyRequest {
  /** The network as it was registered, which a share is of. */
  readonly model: ModelProto;
  readonly target: SizeTarget;
  /** Widths that layers are timed at are multiples of it. */
  readonly multiple: number;
  /** Plans the cut of least damage within a time; without one nothing is cut. Throws PLAN_TARGET_UNREACHABLE. */
  readonly planAt: (time?: TimeTarget) => PlannedCut;
}

/**
 * The network of least damage that is fast enough. A table of layers, each timed at some widths, says what a plan takes; the planned network is timed
 * for real, side by side with the whole one, so that a share is of what the whole one takes at that moment; and what the table is asked
 * for is corrected by what was measured, until the target is met and no more than that. Its other candidates are timed as well, and dropped
 * where they are too slow.
 * @throws PLAN_TARGET_UNREACHABLE when the fastest network that was tried is too slow
 */
export async function searchLatency(
  { model, target, multiple, planAt }: LatencyRequest,
  context: Pick<TaskContext, 'provider' | 'signal' | 'progress'>,
  clock = measureLatency,
): Promise<LatencySearch> {
  const original = encodeModel(model);
  let networks = 0;
  const attempt = async (planned: PlannedCut, forecast?: number): Promise<Timed> => {
    const said = forecast === undefined ? '' : `, ${forecast.toFixed(2)} ms by the table of its layers`;
    const message = `timing a network of ${Math.round((100 * planned.plan.after.macs) / planned.before.macs)} % of the MACs${said}`;
    context.progress({ done: networks++, total: Math.max(MOST_NETWORKS, networks), unit: 'networks', message });
    const latency = await clock(
      [
        { name: 'before', model: original },
        { name: 'after', model: encodeModel(prune(planned.network, planned.shapes, planned.plan)) },
      ],
      { provider: context.provider, signal: context.signal, runs: RUNS },
    );
    const after = latency['after']!.p50;
    return { planned, before: latency['before']!.p50, after, forecast: forecast ?? after };
  };

  const isEnough = ({ before, after }: Timed): boolean => after <= latencyBound(target, before);
  const withOthers = async (best: Timed): Promise<LatencySearch> => {
    const byPlan = new Map<Plan, Timed>([[best.planned.plan, best]]);
    for (const { plan, cost } of best.planned.candidates) {
      if (byPlan.has(plan)) continue;
      const tried = await attempt({ ...best.planned, plan }, cost);
      if (isEnough(tried)) byPlan.set(plan, tried);
    }
    const candidates = best.planned.candidates.filter(({ plan }) => byPlan.has(plan));
    return { ...best, planned: { ...best.planned, candidates }, byPlan, networks };
  };
  let whole = await attempt(planAt());
  // On a busy machine one measurement may be far off, and this one would end the search with nothing cut.
  if (isEnough(whole)) whole = await attempt(planAt());
  if (isEnough(whole)) return withOthers(whole);
  context.progress({ done: networks, total: MOST_NETWORKS, unit: 'networks', message: 'timing layers' });
  const { analysis, network } = whole.planned;
  const layers = await timeLayers({ analysis, network, multiple }, context, clock);
  const terms = timeTerms(analysis, layers, whole.after);
  const plans = new Plans((atMost) => planAt({ kind: 'time', atMost, terms }), whole.after);

  let best: Timed | undefined;
  let fastest = whole;
  let wanted = latencyBound(target, whole.before);
  while (networks < MOST_NETWORKS) {
    const next = plans.near(wanted);
    if (!next) break;
    const tried = await attempt(next.planned, next.forecast);
    const bound = latencyBound(target, tried.before);
    const isFast = isEnough(tried);
    if (tried.after < fastest.after) fastest = tried;
    if (isFast && (!best || tried.forecast > best.forecast)) best = tried;
    if (isFast && tried.after >= CLOSE * bound) break;
    plans.learn(tried.forecast, tried.after / bound);
    wanted = tried.forecast * (bound / tried.after) ** (1 / steepness(whole, tried)) * (isFast ? 1 : CAUTION);
  }
  if (best) return withOthers(best);
  throw new Failure(
    'PLAN_TARGET_UNREACHABLE',
    `no network reached ${describeTarget(target)}: the fastest of ${networks} took ${fastest.after.toFixed(2)} ms, the whole one ${fastest.before.toFixed(2)} ms`,
    {
      where: 'target',
      fix: `Ask for ${(100 * Math.max(0, 1 - fastest.after / fastest.before)).toFixed(0)} % less or not as much, or allow fewer filters in each layer.`,
    },
  );
}

/** By which power of what the table forecasts the measured time falls. */
function steepness(whole: Timed, tried: Timed): number {
  const measured = Math.log(tried.after / tried.before / (whole.after / whole.before));
  const power = measured / Math.log(tried.forecast / whole.forecast);
  return Number.isFinite(power) ? Math.min(STEEPEST, Math.max(1, power)) : 1;
}

/** Plans between a time that is fast enough, or that no plan reaches, and one that is too slow. */
class Plans {
  private readonly planAt: (atMost: number) => PlannedCut;
  private low = 0;
  private high: number;
  private isGood = false;

  constructor(planAt: (atMost: number) => PlannedCut, slow: number) {
    this.planAt = planAt;
    this.high = slow;
  }

  /** @param share of what it may take that was measured */
  learn(forecast: number, share: number): void {
    if (share > 1) this.high = Math.min(this.high, forecast);
    else if (forecast > this.low) [this.low, this.isGood] = [forecast, share >= GOOD];
  }

  /**
   * The plan of a time by the table. Where that is one that is known already, or none is so fast: one that is slower, unless what is known is good
   * enough; undefined where there is nothing between what is fast enough and what is too slow.
   */
  near(wanted: number): { readonly planned: PlannedCut; readonly forecast: number } | undefined {
    let atMost = wanted;
    for (let plans = 0; plans < MOST_PLANS && this.low < EQUAL * this.high; plans++) {
      if (atMost <= this.low || atMost >= this.high) atMost = (this.low + this.high) / 2;
      const planned = planWithin(this.planAt, atMost);
      const forecast = planned?.candidates.find(({ plan }) => plan === planned.plan)?.cost;
      if (planned && forecast !== undefined && forecast > this.low) return { planned, forecast };
      if (this.isGood) return undefined;
      this.low = atMost;
    }
    return undefined;
  }
}

function planWithin(planAt: (atMost: number) => PlannedCut, atMost: number): PlannedCut | undefined {
  try {
    return planAt(atMost);
  } catch (error) {
    if (error instanceof Failure && error.code === 'PLAN_TARGET_UNREACHABLE') return undefined;
    throw error;
  }
}
