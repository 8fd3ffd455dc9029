import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { initialState, learningRate, type Schedule, weightInput, weightsOf } from '@kneepoint/autodiff';
import { Failure } from '@kneepoint/failures';
import type { EpochRecord } from '@kneepoint/workflow';
import { Averages, type Weights } from './averages.ts';
import { BatchFeeds } from './batch-feeds.ts';
import { type CheckpointContent, writeCheckpoint } from './checkpoint-file.ts';
import { beginAgain, type BestEpoch, type Counters, freshCounters, isBetter, positionOf } from './counters.ts';
import type { CheckpointEvent, FitRequest, Fitted } from './fit.ts';
import { higherIsBetter } from './judge-epoch.ts';
import { constantLoss, type Judged, judgeWeights } from './judge-weights.ts';
import { epochOrder } from './order.ts';
import { scheduleOf } from './schedule.ts';
import type { State, StepSession } from './step-session.ts';

/** At the end of an epoch there is a checkpoint unless the last one is younger than this. */
const LEAST_CHECKPOINT_SECONDS = 1;
/** How often a training begins again at most. */
const MOST_RESTARTS = 4;
/** Epochs over which weights are averaged. */
const AVERAGED_EPOCHS = 1;

const STATE = 'state/';
const AVERAGE = 'average/';
const BEST = 'best/';

/** What the session of a training begins with: a checkpoint's state, or that of the very beginning. */
export function startOf(request: FitRequest): State {
  return request.resume ? arraysOf(request.resume, STATE) : beginning(request);
}

function beginning({ step, subject, start = new Map() }: Pick<FitRequest, 'step' | 'subject' | 'start'>): State {
  const chosen = [...start].map(([name, values]) => [weightInput(name), values] as const);
  return { ...initialState(step, subject.model), ...Object.fromEntries(chosen) };
}

/** A training as it runs. */
export class Fitting {
  readonly #request: FitRequest;
  readonly #session: StepSession;
  readonly #feeds: BatchFeeds;
  readonly #counters: Counters;
  readonly #schedule: Schedule;
  readonly #stepsPerEpoch: number;
  readonly #higherIsBetter: boolean;
  #averages: Averages;
  #best: Weights;
  #savedAt = performance.now();
  #saves = 0;

  constructor(request: FitRequest, session: StepSession) {
    const { step, subject, targets, parts, settings, resume } = request;
    this.#request = request;
    this.#session = session;
    this.#feeds = new BatchFeeds({ ...request, source: subject.source });
    this.#stepsPerEpoch = Math.ceil(parts.train.length / step.batch);
    this.#higherIsBetter = higherIsBetter(targets);
    this.#schedule = scheduleOf(settings, this.#stepsPerEpoch);
    this.#counters = resume ? structuredClone(resume.meta as Counters) : freshCounters();
    const weights = weightsOf(step, session.state);
    this.#best = resume ? new Map(Object.entries(arraysOf(resume, BEST))) : weights;
    this.#averages = this.#averagesFrom(resume ? new Map(Object.entries(arraysOf(resume, AVERAGE))) : weights);
  }

  async run(): Promise<Fitted> {
    const counters = this.#counters;
    const { settings } = this.#request;
    if (counters.epochs.length === 0) await this.#judgeGiven();
    while (counters.epoch < settings.epochs && !this.#impatient()) {
      const trouble = await this.#epoch(counters.epoch + 1);
      if (trouble !== undefined) this.#beginAgain(trouble);
      const over = counters.epoch === settings.epochs || this.#impatient();
      if (over || this.#secondsSinceSave() >= LEAST_CHECKPOINT_SECONDS) await this.save();
    }
    return {
      weights: this.#best,
      counters,
      stoppedEarly: counters.epoch < settings.epochs,
      steps: counters.epoch * this.#stepsPerEpoch,
      provider: this.#session.provider,
    };
  }

  /** Resolves with what went wrong where the epoch left all bounds. */
  async #epoch(epoch: number): Promise<string | undefined> {
    const { parts, settings, step, context } = this.#request;
    const counters = this.#counters;
    const order = epochOrder(parts.train, settings.seed, epoch);
    const prepare = (index: number) =>
      index < this.#stepsPerEpoch ? this.#feeds.prepare(order, epoch, index) : undefined;
    let next = prepare(counters.step);
    while (counters.step < this.#stepsPerEpoch) {
      const began = performance.now();
      const batch = (await next)!;
      next = prepare(counters.step + 1);
      next?.catch(() => undefined);
      const number = (epoch - 1) * this.#stepsPerEpoch + counters.step + 1;
      const { loss, gradNorm } = await this.#session.run(batch.feeds, number, this.#rate(number));
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
        await next;
        return `after step ${counters.step + 1} of epoch ${epoch} the loss is ${loss} and the gradient's norm ${gradNorm}`;
      }
      this.#averages.add(weightsOf(step, this.#session.state), number);
      counters.step += 1;
      counters.lossSum += loss * batch.rows;
      counters.rows += batch.rows;
      counters.images += batch.rows;
      const seconds = (performance.now() - began) / 1000;
      counters.epochSeconds += seconds;
      counters.trainSeconds += seconds;
      this.#tell(epoch);
      if (this.#secondsSinceSave() >= settings.checkpointSeconds && counters.step < this.#stepsPerEpoch)
        await this.save();
      // Cancellation arrives by the event loop, which a step keeps from turning.
      await new Promise(setImmediate);
      context.signal.throwIfAborted();
    }
    return this.#endEpoch(epoch);
  }

  async #judgeGiven(): Promise<void> {
    const { given, step } = this.#request;
    if (!given) return;
    const weights = new Map([...weightsOf(step, this.#session.state), ...given]);
    const { judged, seconds } = await this.#judge(weights);
    if (!judged) throw diverged('the network as it came answers with numbers that are not finite', 'epoch 0');
    this.#record({ epoch: 0, loss: null, ...judged, learningRate: 0, imagesPerSecond: 0, seconds }, weights);
  }

  async #endEpoch(epoch: number): Promise<string | undefined> {
    const counters = this.#counters;
    const averaged = this.#averages.copy();
    const weights = (await this.#request.statistics?.of(averaged)) ?? averaged;
    const { judged, seconds } = await this.#judge(weights);
    const trouble = this.#trouble(epoch, judged);
    if (trouble !== undefined) return trouble;
    this.#record(
      {
        epoch,
        loss: counters.lossSum / counters.rows,
        ...judged!,
        learningRate: this.#rate(epoch * this.#stepsPerEpoch),
        imagesPerSecond: counters.epochSeconds > 0 ? counters.rows / counters.epochSeconds : 0,
        seconds: counters.epochSeconds + seconds,
        ...(counters.restarts.length > 0 ? { restarts: counters.restarts.length } : {}),
      },
      weights,
    );
    Object.assign(counters, { epoch, step: 0, lossSum: 0, rows: 0, epochSeconds: 0 });
    return undefined;
  }

  async #judge(weights: Weights): Promise<{ readonly judged: Judged | undefined; readonly seconds: number }> {
    const began = performance.now();
    const judged = await judgeWeights(this.#request, weights);
    const seconds = (performance.now() - began) / 1000;
    this.#counters.validationSeconds += seconds;
    return { judged, seconds };
  }

  #record(record: EpochRecord, weights: Weights): void {
    const { counters, best } = { counters: this.#counters, best: this.#counters.best };
    counters.epochs.push(record);
    if (!isBetter(record, best, this.#higherIsBetter)) return;
    counters.best = { epoch: record.epoch, metric: record.metric, validationLoss: record.validationLoss };
    this.#best = weights;
  }

  /** Worse than the start by more than the start's own loss: what was inherited is being destroyed, not changed. */
  #trouble(epoch: number, judged: Judged | undefined): string | undefined {
    if (!judged) return `after epoch ${epoch} weights or answers are not finite`;
    const { epochs, restarts } = this.#counters;
    const start = epochs.find((record) => record.epoch === 0)?.validationLoss ?? constantLoss(this.#request);
    // Later on a network may grow too sure of itself, which costs loss, while it still gets better.
    if (epoch > 1 || restarts.length >= MOST_RESTARTS || judged.validationLoss <= 2 * start) return undefined;
    const [from, to] = [start, judged.validationLoss].map((loss) => loss.toPrecision(3));
    return `the first epoch took the loss on validation from ${from} to ${to}`;
  }

  /** Throws TRAINING_DIVERGED when it has begun again often enough. */
  #beginAgain(trouble: string): void {
    const { learningRate: rate } = this.#request.settings;
    const counters = this.#counters;
    if (counters.restarts.length >= MOST_RESTARTS) {
      throw diverged(trouble, `epoch ${counters.epoch + 1}, step ${counters.step + 1}`);
    }
    const next = rate / 2 ** (counters.restarts.length + 1);
    beginAgain(counters, `${trouble}; it began again with a learning rate of ${next.toPrecision(3)}`);
    this.#session.restart(beginning(this.#request));
    const weights = weightsOf(this.#request.step, this.#session.state);
    this.#averages = this.#averagesFrom(weights);
    this.#best = counters.best === null ? weights : new Map([...weights, ...(this.#request.given ?? [])]);
  }

  #averagesFrom(weights: Weights): Averages {
    return new Averages(Math.max(1, AVERAGED_EPOCHS * this.#stepsPerEpoch), weights);
  }

  /** Leaves all that it takes to go on from here. Throws CHECKPOINT_NOT_WRITTEN. */
  async save(): Promise<void> {
    const { context } = this.#request;
    const path = join(context.tempDir, `checkpoint-${(this.#saves += 1)}`);
    const tensors = {
      ...prefixed(STATE, Object.entries(this.#session.state)),
      ...prefixed(AVERAGE, this.#averages.values),
      ...prefixed(BEST, this.#best),
    };
    await writeCheckpoint(path, { tensors, meta: this.#counters });
    const event: CheckpointEvent = { kind: 'checkpoint', path, position: positionOf(this.#counters) };
    await context.emit(event);
    await rm(path, { force: true });
    this.#savedAt = performance.now();
  }

  /** Patience counts from the best epoch of training: what the network was before may stand for long, and be beaten in the end. */
  #impatient(): boolean {
    const { patience } = this.#request.settings;
    if (patience === null) return false;
    const best = this.#counters.epochs.reduce<BestEpoch | null>(
      (found, record) => (record.epoch > 0 && isBetter(record, found, this.#higherIsBetter) ? record : found),
      null,
    );
    return best !== null && this.#counters.epoch - best.epoch >= patience;
  }

  #tell(epoch: number): void {
    const { context, parts, settings } = this.#request;
    const { lossSum, rows, restarts } = this.#counters;
    const again = restarts.length > 0 ? `, at ${1 / 2 ** restarts.length} of the rate` : '';
    context.progress({
      done: (epoch - 1) * parts.train.length + rows,
      total: settings.epochs * parts.train.length,
      unit: 'images',
      message: `epoch ${epoch} of ${settings.epochs}, loss ${(lossSum / rows).toPrecision(3)}${again}`,
    });
  }

  #rate(number: number): number {
    const whole = learningRate(this.#schedule, number, this.#request.settings.epochs * this.#stepsPerEpoch);
    return whole / 2 ** this.#counters.restarts.length;
  }

  #secondsSinceSave(): number {
    return (performance.now() - this.#savedAt) / 1000;
  }
}

function diverged(problem: string, where: string): Failure {
  return new Failure('TRAINING_DIVERGED', problem, {
    where,
    fix: 'a lower learning rate, clipped gradients, or a look at the labels',
  });
}

function prefixed(prefix: string, arrays: Iterable<readonly [string, Float32Array]>): Record<string, Float32Array> {
  return Object.fromEntries([...arrays].map(([name, values]) => [prefix + name, values]));
}

function arraysOf({ tensors }: CheckpointContent, prefix: string): State {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values]));
}
