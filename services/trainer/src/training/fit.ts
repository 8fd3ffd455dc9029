import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { learningRate, type Schedule, type TrainingStep, weightsOf, withWeights } from '@kneepoint/autodiff';
import { Failure } from '@kneepoint/failures';
import type { ModelProto } from '@kneepoint/onnx';
import type { ActualProvider, TaskContext } from '@kneepoint/runtime';
import type { EpochRecord, FinetunePosition, TrainingSettings } from '@kneepoint/workflow';
import { answersOf } from '../rows/answers.ts';
import type { RowSource } from '../rows/row-source.ts';
import type { TaskTerm } from '../targets/loss-terms.ts';
import type { Parts } from '../targets/parts.ts';
import type { Targets } from '../targets/targets.ts';
import { totalLoss } from '../targets/validation-loss.ts';
import { BatchFeeds } from './batch-feeds.ts';
import { type CheckpointContent, writeCheckpoint } from './checkpoint-file.ts';
import { chooseStart } from './choose-start.ts';
import { type BestEpoch, type Counters, freshCounters, isBetter, positionOf } from './counters.ts';
import { higherIsBetter, validationMetric } from './judge-epoch.ts';
import { epochOrder } from './order.ts';
import { scheduleOf } from './schedule.ts';
import { type State, StepSession } from './step-session.ts';
import type { Teacher } from './teacher.ts';

export interface FitRequest {
  /** Answers in the training scale; what it holds at the start is where training begins. */
  readonly model: ModelProto;
  readonly step: TrainingStep;
  readonly source: RowSource;
  /** Rows at once in validation. */
  readonly evaluationBatch: number;
  readonly targets: Targets;
  readonly parts: Parts;
  readonly terms: readonly TaskTerm[];
  readonly settings: TrainingSettings;
  readonly teacher?: Teacher | undefined;
  /** Weights in which the network as it came differs from `model`: it is judged as epoch 0, and kept if no epoch is better. */
  readonly given?: ReadonlyMap<string, Float32Array> | undefined;
  /** Weights in which ways to begin differ from `model`; the best is found by trial. None: it begins with `model`. */
  readonly starts?: readonly ReadonlyMap<string, Float32Array>[] | undefined;
  readonly resume?: CheckpointContent | undefined;
  readonly context: TaskContext;
}

/** What the task tells its parent: a file to be stored before it goes on. */
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly path: string;
  readonly position: FinetunePosition;
}

export interface Fitted {
  /** By initializer of the model: the best epoch's weights and running statistics. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly counters: Counters;
  readonly stoppedEarly: boolean;
  readonly steps: number;
  readonly provider: ActualProvider;
}

/** At the end of an epoch there is a checkpoint unless the last one is younger than this. */
const LEAST_CHECKPOINT_SECONDS = 1;

/**
 * Trains until the epochs are over or patience is. Follows from the request alone, bit for bit, however often it was interrupted:
 * order and augmentation come from seed, epoch and image, and a checkpoint holds the rest.
 * Throws TRAINING_DIVERGED, CHECKPOINT_NOT_WRITTEN, the signal's reason.
 */
export async function fit(request: FitRequest): Promise<Fitted> {
  const { step, model, settings, context, resume } = request;
  const state = resume ? arraysOf(resume, STATE) : await chooseStart(request);
  const { provider } = context;
  const session = await StepSession.open(step, model, { provider, seed: settings.seed, state });
  const fitting = new Fitting(request, session);
  try {
    return await fitting.run();
  } catch (error) {
    // Aborted between two steps or while it validates: what was done so far is whole, and worth more than the last checkpoint.
    if (context.signal.aborted && error === context.signal.reason) await fitting.save();
    throw error;
  } finally {
    await session.release();
  }
}

const STATE = 'state/';
const BEST = 'best/';

class Fitting {
  readonly #request: FitRequest;
  readonly #session: StepSession;
  readonly #feeds: BatchFeeds;
  readonly #counters: Counters;
  readonly #schedule: Schedule;
  readonly #stepsPerEpoch: number;
  readonly #higherIsBetter: boolean;
  #best: ReadonlyMap<string, Float32Array>;
  #savedAt = performance.now();
  #saves = 0;

  constructor(request: FitRequest, session: StepSession) {
    const { step, source, targets, terms, parts, settings, resume } = request;
    this.#request = request;
    this.#session = session;
    this.#feeds = new BatchFeeds(step, source, targets, terms);
    this.#stepsPerEpoch = Math.ceil(parts.train.length / step.batch);
    this.#higherIsBetter = higherIsBetter(targets);
    this.#schedule = scheduleOf(settings, this.#stepsPerEpoch);
    this.#counters = resume ? structuredClone(resume.meta as Counters) : freshCounters();
    this.#best = resume ? new Map(Object.entries(arraysOf(resume, BEST))) : weightsOf(step, session.state);
  }

  async run(): Promise<Fitted> {
    const counters = this.#counters;
    const { settings, given, step } = this.#request;
    if (given && counters.epochs.length === 0) {
      await this.#validate(new Map([...weightsOf(step, this.#session.state), ...given]), 0, null, 0);
    }
    while (counters.epoch < settings.epochs && !this.#impatient()) {
      await this.#epoch(counters.epoch + 1);
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

  async #epoch(epoch: number): Promise<void> {
    const { parts, settings } = this.#request;
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
      const { teacher, source, terms, targets } = this.#request;
      await teacher?.teach(batch, source, terms, targets.width);
      const number = (epoch - 1) * this.#stepsPerEpoch + counters.step + 1;
      const { loss, gradNorm } = await this.#session.run(batch.feeds, number, this.#rate(number));
      if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
        throw diverged(epoch, counters.step + 1, { loss, gradNorm });
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
      this.#request.context.signal.throwIfAborted();
    }
    await this.#endEpoch(epoch);
  }

  async #endEpoch(epoch: number): Promise<void> {
    const counters = this.#counters;
    const { step } = this.#request;
    const weights = weightsOf(step, this.#session.state);
    await this.#validate(weights, epoch, counters.lossSum / counters.rows, this.#rate(epoch * this.#stepsPerEpoch));
    Object.assign(counters, { epoch, step: 0, lossSum: 0, rows: 0, epochSeconds: 0 });
  }

  async #validate(
    weights: ReadonlyMap<string, Float32Array>,
    epoch: number,
    loss: number | null,
    rate: number,
  ): Promise<void> {
    const { model, source, targets, parts, evaluationBatch, context } = this.#request;
    const counters = this.#counters;
    const began = performance.now();
    this.#requireFinite(weights, epoch);
    const { values } = await answersOf({
      model: withWeights(model, weights),
      rows: parts.validation,
      source,
      batch: evaluationBatch,
      provider: context.provider,
      signal: context.signal,
    });
    if (!values.every(Number.isFinite)) throw diverged(epoch, this.#stepsPerEpoch, { answer: NaN });
    const metric = validationMetric(targets, values, parts);
    const seconds = (performance.now() - began) / 1000;
    counters.validationSeconds += seconds;
    const record: EpochRecord = {
      epoch,
      loss,
      validationLoss: totalLoss(targets, Float64Array.from(values), parts.validation),
      metric,
      learningRate: rate,
      imagesPerSecond: counters.epochSeconds > 0 ? counters.rows / counters.epochSeconds : 0,
      seconds: counters.epochSeconds + seconds,
    };
    counters.epochs.push(record);
    if (!isBetter(record, counters.best, this.#higherIsBetter)) return;
    counters.best = { epoch, metric, validationLoss: record.validationLoss };
    this.#best = weights;
  }

  /** Leaves all that it takes to go on from here. Throws CHECKPOINT_NOT_WRITTEN. */
  async save(): Promise<void> {
    const { context } = this.#request;
    const path = join(context.tempDir, `checkpoint-${(this.#saves += 1)}`);
    const { state } = this.#session;
    this.#requireFinite(new Map(Object.entries(state)), this.#counters.epoch);
    const tensors = { ...prefixed(STATE, state), ...prefixed(BEST, Object.fromEntries(this.#best)) };
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
    const { lossSum, rows } = this.#counters;
    context.progress({
      done: (epoch - 1) * parts.train.length + rows,
      total: settings.epochs * parts.train.length,
      unit: 'images',
      message: `epoch ${epoch} of ${settings.epochs}, loss ${(lossSum / rows).toPrecision(3)}`,
    });
  }

  #rate(number: number): number {
    return learningRate(this.#schedule, number, this.#request.settings.epochs * this.#stepsPerEpoch);
  }

  #secondsSinceSave(): number {
    return (performance.now() - this.#savedAt) / 1000;
  }

  #requireFinite(arrays: ReadonlyMap<string, Float32Array>, epoch: number): void {
    for (const [name, values] of arrays) {
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw diverged(epoch, this.#counters.step, { [name]: bad });
    }
  }
}

function diverged(epoch: number, step: number, values: Readonly<Record<string, number>>): Failure {
  const found = Object.entries(values).map(([name, value]) => `${name} is ${value}`);
  return new Failure('TRAINING_DIVERGED', `after step ${step} of epoch ${epoch} ${found.join(', ')}`, {
    where: `epoch ${epoch}, step ${step}`,
    fix: 'a lower learning rate, clipped gradients, or a look at the labels',
  });
}

function prefixed(prefix: string, arrays: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(arrays).map(([name, values]) => [prefix + name, values]));
}

function arraysOf({ tensors }: CheckpointContent, prefix: string): State {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, values]) => [name.slice(prefix.length), values]));
}
