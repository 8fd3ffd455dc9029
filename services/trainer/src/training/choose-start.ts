import { initialState, weightInput, weightsOf, withWeights } from '@kneepoint/autodiff';
import { answersOf } from '../rows/answers.ts';
import { totalLoss } from '../targets/validation-loss.ts';
import { BatchFeeds } from './batch-feeds.ts';
import type { FitRequest } from './fit.ts';
import { epochOrder } from './order.ts';
import { type State, StepSession } from './step-session.ts';

/** Steps of a trial, at most. */
const STEPS = 25;

/**
 * The best of several ways to begin: each is trained for up to an epoch at the full learning rate, and the one that then has the least loss
 * on validation is taken, from its beginning. How much a head can bear depends on all the layers below, and nothing but trying
 * tells. Without a choice nothing is tried.
 */
export async function chooseStart(request: FitRequest): Promise<State> {
  const { model, step, starts = [], context } = request;
  const states = (starts.length > 0 ? starts : [new Map<string, Float32Array>()]).map((weights) => ({
    ...initialState(step, model),
    ...Object.fromEntries([...weights].map(([name, values]) => [weightInput(name), values])),
  }));
  let best = { state: states[0]!, loss: Number.POSITIVE_INFINITY };
  if (states.length === 1) return best.state;
  for (const [i, state] of states.entries()) {
    context.progress({ done: i, total: states.length, unit: 'trials', message: 'trying where to begin' });
    const loss = await lossAfterTrial(request, state);
    if (loss < best.loss) best = { state, loss };
  }
  return best.state;
}

/** Infinite where the trial diverges. */
async function lossAfterTrial(request: FitRequest, state: State): Promise<number> {
  const { model, step, source, evaluationBatch, targets, parts, terms, settings, teacher, context } = request;
  const { provider, signal } = context;
  const session = await StepSession.open(step, model, { provider, seed: settings.seed, state });
  try {
    const feeds = new BatchFeeds(step, source, targets, terms);
    const order = epochOrder(parts.train, settings.seed, 0);
    const steps = Math.min(STEPS, Math.ceil(order.length / step.batch));
    for (let i = 0; i < steps; i++) {
      signal.throwIfAborted();
      const batch = await feeds.prepare(order, 0, i);
      await teacher?.teach(batch, source, terms, targets.width);
      const { loss, gradNorm } = await session.run(batch.feeds, i + 1, settings.learningRate);
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) return Number.POSITIVE_INFINITY;
      await new Promise(setImmediate);
    }
    const { values } = await answersOf({
      model: withWeights(model, weightsOf(step, session.state)),
      rows: parts.validation,
      source,
      batch: evaluationBatch,
      provider,
      signal,
    });
    const loss = totalLoss(targets, Float64Array.from(values), parts.validation);
    return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
  } finally {
    await session.release();
  }
}
