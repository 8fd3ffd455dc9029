import { SpanKind } from '@opentelemetry/api';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import type { Bus, Job } from '../bus/bus.ts';
import type { Config } from '../config/read-config.ts';
import type { Database } from '../database/database.ts';
import { childLogger, type Logger } from '../log/create-logger.ts';
import { stepsRunning, watchHeartbeats } from '../metrics/metrics.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import { inSpan, traceId } from '../tracing/spans.ts';
import { VERSION } from '../version.ts';
import { claimAttempt } from './claim-attempt.ts';
import { RETRY_DELAY_MS } from './end-attempt.ts';
import { parseJobMessage } from './job-message.ts';
import { DEFAULT_LEASE_SECONDS } from './lease.ts';
import { CANCEL_PATTERN, runIdOf, tellChange } from './run-events.ts';
import { type AttemptSettings, type AttemptStatus, RunningAttempt } from './running-attempt.ts';
import { startDispatcher } from './start-dispatcher.ts';
import type { AttemptOutcome } from './states.ts';
import type { StepHandler } from './step-handler.ts';
import { untilAnswered } from './until-answered.ts';

export interface WorkerOptions extends Partial<AttemptSettings> {
  readonly db: Database;
  readonly bus: Bus;
  readonly store: ArtifactStore;
  readonly log: Logger;
  /** Which queue to work off. */
  readonly service: string;
  /** What to do for each kind of step. */
  readonly handlers: Readonly<Record<string, StepHandler<never>>>;
  /** Steps at once. Default 1. */
  readonly concurrency?: number;
  /** Names this worker to people. Default: host, process and a random part. */
  readonly workerId?: string;
  /** Publish what this worker queues. Turn off where the same process runs a dispatcher anyway. Default true. */
  readonly dispatch?: boolean;
  /** What the process is set to: the provider, for people and metrics, and the lease. */
  readonly config?: Pick<Config, 'provider'> & Partial<Pick<Config, 'leaseSeconds'>>;
}

/** What a worker tells of itself, to people and to probes. */
export interface WorkerStatus {
  readonly worker: string;
  readonly service: string;
  readonly version: string;
  readonly state: 'idle' | 'working' | 'stopping';
  readonly provider: string | undefined;
  readonly startedAt: string;
  /** What it works on now. */
  readonly steps: readonly AttemptStatus[];
  /** Of the lease that was extended longest ago; null while none is held. */
  readonly heartbeatAgeSeconds: number | null;
  readonly leaseSeconds: number;
  /** Attempts that ended here since the start, by outcome. */
  readonly ended: Readonly<Partial<Record<AttemptOutcome, number>>>;
}

export interface Worker {
  readonly id: string;
  status(): WorkerStatus;
  /** Takes no more steps, tells running handlers to stop, and gives back those that don't within `graceMs` (default 20 000). */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

const DEFAULTS: AttemptSettings = {
  leaseSeconds: DEFAULT_LEASE_SECONDS,
  progressEveryMs: 500,
  abortGraceMs: 30_000,
  commitLimitMs: 300_000,
  retryDelayMs: RETRY_DELAY_MS,
};
const CLAIM_LIMIT_MS = 60_000;
const DISPATCH_MS = 5_000;

/** Works off the steps of one service until it is stopped. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { db, bus, store, service, handlers } = options;
  const id = options.workerId ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const log = options.log.child({ worker: id });
  const { leaseSeconds = DEFAULTS.leaseSeconds } = options.config ?? {};
  const settings = { ...DEFAULTS, leaseSeconds, ...given(options) };
  const attempts = new Set<RunningAttempt>();
  const ended: Partial<Record<AttemptOutcome, number>> = {};
  const startedAt = new Date().toISOString();
  let stopping = false;

  function status(): WorkerStatus {
    const ages = [...attempts].map((attempt) => attempt.heartbeatAgeSeconds);
    return {
      ...{ worker: id, service, version: VERSION, provider: options.config?.provider, startedAt },
      state: stopping ? 'stopping' : attempts.size > 0 ? 'working' : 'idle',
      steps: [...attempts].map((attempt) => attempt.describe()),
      heartbeatAgeSeconds: ages.length === 0 ? null : Math.max(...ages),
      leaseSeconds: settings.leaseSeconds,
      ended: { ...ended },
    };
  }

  async function work(job: Job): Promise<void> {
    const message = parseJobMessage(job.message);
    if (message === undefined) {
      log.warn({ job: job.id }, 'not a job message; dropped');
      return;
    }
    if (stopping) throw new Failure('INTERNAL', `worker ${id} is stopping`);
    const { claim, seq } = await inSpan('claim', {}, () =>
      untilAnswered(
        () => claimAttempt(db, message, { worker: id, leaseSeconds: settings.leaseSeconds }),
        CLAIM_LIMIT_MS,
      ),
    );
    tellChange(bus, message.runId, seq);
    const trace = traceId();
    const context = {
      ...{ run: message.runId, step: message.stepId, attempt: message.attempt },
      ...(trace === undefined ? {} : { trace }),
    };
    if (claim === undefined) {
      log.debug({ ...context, deliveries: job.deliveries }, 'nothing left to do');
      return;
    }
    const attempt = new RunningAttempt(claim, { db, bus, store, log: childLogger(log, context), settings });
    const labels = { service, kind: claim.step.kind, provider: options.config?.provider ?? 'none' };
    attempts.add(attempt);
    stepsRunning.inc(labels);
    if (stopping) attempt.abort('shutdown');
    try {
      const known = Object.hasOwn(handlers, claim.step.kind);
      const outcome = await attempt.run(known ? handlers[claim.step.kind] : undefined);
      ended[outcome] = (ended[outcome] ?? 0) + 1;
    } finally {
      attempts.delete(attempt);
      stepsRunning.dec(labels);
    }
  }

  async function workAlive(job: Job): Promise<void> {
    const alive = setInterval(() => job.working(), job.ackWaitMs / 3);
    const span = { kind: SpanKind.CONSUMER, attributes: { 'kneepoint.job': job.id, 'kneepoint.worker': id } };
    try {
      await inSpan(`process jobs.${service}`, { ...span, parent: job.headers }, () => work(job));
    } catch (error) {
      log[stopping ? 'debug' : 'error']({ error, job: job.id }, 'job could not be worked off; it comes back');
      throw error;
    } finally {
      clearInterval(alive);
    }
  }

  const dispatcher = options.dispatch === false ? undefined : startDispatcher(db, bus, { log, everyMs: DISPATCH_MS });
  const unsubscribe = await bus.subscribe(CANCEL_PATTERN, (payload) => {
    const runId = runIdOf(payload);
    for (const attempt of attempts) if (attempt.runId === runId) void attempt.check();
  });
  const consumer = await bus.consume(service, workAlive, { concurrency: options.concurrency ?? 1 });
  const takeBack = await bus.register({
    service,
    description: `Kneepoint ${service}: works off jobs.${service}`,
    status,
  });
  const forgetAge = watchHeartbeats(service, () => status().heartbeatAgeSeconds ?? 0);

  return {
    id,
    status,
    async stop({ graceMs = 20_000 } = {}) {
      stopping = true;
      const drained = consumer.drain();
      for (const attempt of attempts) attempt.abort('shutdown');
      const grace = new AbortController();
      await Promise.race([drained, sleep(graceMs, undefined, { signal: grace.signal }).catch(() => undefined)]);
      grace.abort();
      for (const attempt of attempts) {
        await attempt.handBack().catch((error: unknown) => log.error({ error }, 'step could not be given back'));
      }
      await unsubscribe();
      await takeBack();
      forgetAge();
      await dispatcher?.stop();
    },
  };
}

/** The settings that were given; an absent one must not hide its default. */
function given(options: Partial<AttemptSettings>): Partial<AttemptSettings> {
  const names = Object.keys(DEFAULTS) as (keyof AttemptSettings)[];
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}
