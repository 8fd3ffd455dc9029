import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { Bus } from '../bus/bus.ts';
import type { Database } from '../database/database.ts';
import { isUnavailable } from '../database/database-failure.ts';
import type { Logger } from '../log/create-logger.ts';
import { ImageCount } from '../metrics/image-count.ts';
import { stepDuration, stepsDone } from '../metrics/metrics.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { failSpan, inSpan } from '../tracing/spans.ts';
import { AttemptCheckpoint } from './checkpoint.ts';
import type { Claim } from './claim-attempt.ts';
import { type AttemptEnd, type AttemptReference, endAttempt } from './end-attempt.ts';
import { extendLease, writeProgress } from './heartbeat.ts';
import { ProgressMeter } from './progress-meter.ts';
import { recordingStore } from './recording-store.ts';
import { tellCancel, tellChange } from './run-events.ts';
import type { AttemptOutcome } from './states.ts';
import type { AbortReason, StepHandler } from './step-handler.ts';
import { type AttemptSuccess, succeedAttempt } from './succeed-attempt.ts';
import { untilAnswered } from './until-answered.ts';

export interface AttemptSettings {
  readonly leaseSeconds: number;
  /** Milliseconds between writes of progress. */
  readonly progressEveryMs: number;
  /** Milliseconds that a handler may take to stop once told to. */
  readonly abortGraceMs: number;
  /** Milliseconds for which the end of an attempt is tried while the database does not answer. */
  readonly commitLimitMs: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly retryDelayMs: number;
}

export interface AttemptSurroundings {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  readonly settings: AttemptSettings;
}

/** What a worker tells of a step that it works on. */
export interface AttemptStatus {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly kind: string;
  readonly name: string;
  readonly done: number;
  readonly total: number | null;
  readonly unit: string | null;
  readonly message: string | null;
  readonly seconds: number;
  readonly heartbeatAgeSeconds: number;
}

/** One try at a step, from claim to end: heartbeats, progress, abortion, and the one write that ends it. */
export class RunningAttempt {
  readonly runId: string;
  readonly #claim: Claim;
  readonly #reference: AttemptReference;
  readonly #surroundings: AttemptSurroundings;
  /** The database as the run's project sees it: what a step reads and writes is of that project alone. */
  readonly #db: Database;
  readonly #abort = new AbortController();
  readonly #meter = new ProgressMeter();
  readonly #images: ImageCount;
  readonly #startedAt = performance.now();
  #heldAt = performance.now();
  #beating: Promise<void> | undefined;

  constructor(claim: Claim, surroundings: AttemptSurroundings) {
    this.runId = claim.run.id;
    this.#claim = claim;
    this.#reference = { runId: claim.run.id, stepId: claim.step.id, token: claim.token };
    this.#surroundings = surroundings;
    this.#db = surroundings.db.forProject(claim.run.projectId);
    this.#images = new ImageCount(claim.step);
  }

  /** Seconds since the lease was last extended. */
  get heartbeatAgeSeconds(): number {
    return (performance.now() - this.#heldAt) / 1000;
  }

  describe(): AttemptStatus {
    const { run, step } = this.#claim;
    const { done, total, unit, message } = this.#meter.state;
    return {
      ...{ run: run.id, step: step.id, attempt: step.attempt, kind: step.kind, name: step.name },
      ...{ done, total, unit, message },
      seconds: (performance.now() - this.#startedAt) / 1000,
      heartbeatAgeSeconds: this.heartbeatAgeSeconds,
    };
  }

  abort(reason: AbortReason): void {
    this.#abort.abort(reason);
  }

  /** Looks at the lease now. */
  check(): Promise<void> {
    return this.#beat(true);
  }

  /** Gives the step back while the handler still runs; what that makes later is dropped. */
  async handBack(): Promise<void> {
    const change = await this.#endWith({ outcome: 'HANDED_BACK' });
    tellChange(this.#surroundings.bus, this.runId, change?.seq);
  }

  /** Resolves with how it ended: the outcome of the attempt, LOST when another one has the step. */
  async run(handler: StepHandler<never> | undefined): Promise<AttemptOutcome> {
    const { leaseSeconds, progressEveryMs } = this.#surroundings.settings;
    const { timeoutSeconds } = this.#claim.step;
    const timers = [
      setInterval(() => void this.#beat(true), (leaseSeconds * 1000) / 3),
      setInterval(() => void this.#beat(false), progressEveryMs),
    ];
    const limit = timeoutSeconds === null ? undefined : setTimeout(() => this.abort('timeout'), timeoutSeconds * 1000);
    const recording = recordingStore(this.#surroundings.store);
    try {
      const { kind } = this.#claim.step;
      const outcome = await inSpan(`step ${kind}`, {}, async () => {
        const settled = await this.#settle(handler, recording.store);
        if (settled instanceof Failure) failSpan(settled.code);
        return settled;
      });
      clearTimeout(limit);
      await this.#beating;
      const end = outcome instanceof Failure ? outcome : { ...outcome, artifacts: recording.records };
      return await inSpan('commit', {}, () => this.#end(end));
    } finally {
      clearTimeout(limit);
      timers.forEach(clearInterval);
    }
  }

  /** The handler's outcome, or a Failure; a handler that ignores its signal is given up after a while. */
  async #settle(
    handler: StepHandler<never> | undefined,
    store: ArtifactStore,
  ): Promise<Omit<AttemptSuccess, 'artifacts'> | Failure> {
    const { run, step, token } = this.#claim;
    const { log, settings } = this.#surroundings;
    if (handler === undefined) {
      return new Failure('STEP_KIND_UNKNOWN', `no handler for steps of kind "${step.kind}"`, {
        where: step.name,
        fix: 'run the same version of every service',
      });
    }
    const work = Promise.resolve().then(() =>
      handler({
        run,
        step,
        input: step.input as never,
        signal: this.#abort.signal,
        progress: (report) => {
          this.#meter.report(report, performance.now());
          this.#images.see(report);
        },
        log,
        db: this.#db,
        store,
        checkpoint: this.#checkpoint(),
        token,
      }),
    );
    const finished = new AbortController();
    const deaf = aborted(this.#abort.signal)
      .then(() => sleep(settings.abortGraceMs, undefined, { signal: finished.signal }))
      .then(() => new Failure('INTERNAL', `"${step.name}" did not stop within ${settings.abortGraceMs} ms`));
    deaf.catch(() => undefined);
    try {
      return await Promise.race([work, deaf]);
    } catch (error) {
      return Failure.from(error);
    } finally {
      finished.abort();
    }
  }

  #checkpoint(): AttemptCheckpoint {
    const { bus, store } = this.#surroundings;
    return new AttemptCheckpoint({
      db: this.#db,
      // Not the recording one: a checkpoint is no part of the result.
      store,
      key: this.#claim.step.key,
      reference: this.#reference,
      onSaved: (seq) => tellChange(bus, this.runId, seq),
      onLost: () => this.abort('lost'),
      onLoaded: () => this.#images.resume(),
    });
  }

  async #end(outcome: AttemptSuccess | Failure): Promise<AttemptOutcome> {
    const { bus, store, log, settings } = this.#surroundings;
    const reason = this.#abort.signal.reason as AbortReason | undefined;
    if (reason === 'lost') {
      log.warn('lease lost to another attempt; what this one made is dropped');
      return this.#observe('LOST');
    }
    let ending: AttemptOutcome = 'SUCCEEDED';
    const endWith = (end: AttemptEnd): ReturnType<typeof endAttempt> => {
      ending = end.outcome;
      return this.#endWith(end);
    };
    const change = await untilAnswered(async () => {
      if (outcome instanceof Failure) return endWith(endOf(reason, outcome));
      try {
        return await succeedAttempt(this.#db, this.#reference, outcome, store);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        return endWith({ outcome: 'FAILED', failure: Failure.from(error) });
      }
    }, settings.commitLimitMs);
    tellChange(bus, this.runId, change?.seq);
    // The run's other steps were taken from their workers; they need not find out by their next heartbeat.
    if (change?.state === 'FAILED' || change?.state === 'TIMED_OUT') tellCancel(bus, this.runId);
    if (change?.value !== true) log.warn('step was taken over or ended; what this attempt made is dropped');
    else if (!(outcome instanceof Failure)) {
      const { service, kind } = this.#claim.step;
      stepsDone.inc({ service, kind, provider: outcome.provider ?? 'none' });
      log.info('step done');
    }
    return this.#observe(change?.value === true ? ending : 'LOST');
  }

  #observe(outcome: AttemptOutcome): AttemptOutcome {
    const { service, kind } = this.#claim.step;
    stepDuration.observe({ service, kind, outcome }, (performance.now() - this.#startedAt) / 1000);
    return outcome;
  }

  #endWith(end: AttemptEnd): ReturnType<typeof endAttempt> {
    const { db, log, settings } = this.#surroundings;
    if (end.outcome === 'FAILED') log.error({ error: end.failure }, 'attempt failed');
    else log.info({ outcome: end.outcome }, 'attempt ended');
    return endAttempt(db, this.#reference, end, settings.retryDelayMs);
  }

  /** One heartbeat at a time: one that waits for the database must not be overtaken by an older picture. */
  async #beat(due: boolean): Promise<void> {
    if (this.#beating !== undefined) return this.#beating;
    this.#beating = this.#beatOnce(due).finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #beatOnce(due: boolean): Promise<void> {
    const progress = this.#meter.take();
    if (progress === undefined && !due) return;
    const { db, bus, log, settings } = this.#surroundings;
    try {
      const heartbeat =
        progress === undefined
          ? await extendLease(db, this.#reference, settings.leaseSeconds)
          : await writeProgress(db, this.#reference, settings.leaseSeconds, progress);
      if (heartbeat.held) this.#heldAt = performance.now();
      if (!heartbeat.held) this.abort('lost');
      else if (heartbeat.canceling) this.abort('canceled');
      tellChange(bus, this.runId, heartbeat.seq);
    } catch (error) {
      // The work goes on: if the lease is lost meanwhile, the fence at the end says so.
      log.warn({ error }, 'heartbeat failed');
    }
  }
}

function endOf(reason: AbortReason | undefined, failure: Failure): AttemptEnd {
  switch (reason) {
    case 'canceled':
      return { outcome: 'CANCELED' };
    case 'shutdown':
      return { outcome: 'HANDED_BACK' };
    case 'timeout':
      return { outcome: 'TIMED_OUT' };
    case 'lost':
    case undefined:
      return { outcome: 'FAILED', failure };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
