import type { Failure } from '@kneepoint/failures';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What this process tells Prometheus. One registry for the process, as services do not share one and tests read differences.
 * Labels take few values: a service, a kind, a state, a code; never an id.
 */
export const registry = new Registry();

collectDefaultMetrics({ register: registry });

/** Seconds from a moment to the days that a large training takes. */
const DURATIONS = [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1_800, 3_600, 10_800, 43_200, 172_800];
const registers = [registry];

export const runDuration = new Histogram({
  name: 'kneepoint_run_duration_seconds',
  help: 'From the launch of a run to its end, observed by the process that ended it',
  labelNames: ['kind', 'state'] as const,
  buckets: DURATIONS,
  registers,
});

export const stepDuration = new Histogram({
  name: 'kneepoint_step_duration_seconds',
  help: 'One attempt at a step, from claim to commit',
  labelNames: ['service', 'kind', 'outcome'] as const,
  buckets: DURATIONS,
  registers,
});

export const stepsRunning = new Gauge({
  name: 'kneepoint_steps_running',
  help: 'Steps that this process works on now, by the execution provider that it is set to',
  labelNames: ['service', 'kind', 'provider'] as const,
  registers,
});

export const stepsDone = new Counter({
  name: 'kneepoint_steps_done_total',
  help: 'Steps that succeeded here, by the execution provider that ran them ("none": nothing was run on one)',
  labelNames: ['service', 'kind', 'provider'] as const,
  registers,
});

export const images = new Counter({
  name: 'kneepoint_images_total',
  help: 'Images that steps have gone through; its rate is images per second',
  labelNames: ['service', 'kind'] as const,
  registers,
});

export const failures = new Counter({
  name: 'kneepoint_failures_total',
  help: 'Attempts that failed, by failure code',
  labelNames: ['service', 'kind', 'code'] as const,
  registers,
});

export const deadLetters = new Counter({
  name: 'kneepoint_dead_letters_total',
  help: 'Jobs that the bus gave up',
  labelNames: ['service', 'reason'] as const,
  registers,
});

export const webhookAttempts = new Counter({
  name: 'kneepoint_webhook_attempts_total',
  help: 'Requests to receivers of webhooks: delivered, failed and tried again, given up, or lost because another took over',
  labelNames: ['outcome'] as const,
  registers,
});

export const webhookDuration = new Histogram({
  name: 'kneepoint_webhook_duration_seconds',
  help: 'One request to the receiver of a webhook',
  labelNames: ['outcome'] as const,
  buckets: [0.03, 0.1, 0.3, 1, 3, 10, 30],
  registers,
});

const ages = new Map<string, Set<() => number>>();

new Gauge({
  name: 'kneepoint_heartbeat_age_seconds',
  help: 'Time since the lease that was extended longest ago by a worker of this process; 0 when it holds none',
  labelNames: ['service'] as const,
  registers,
  collect() {
    this.reset();
    for (const [service, readers] of ages) {
      if (readers.size > 0) this.set({ service }, Math.max(...[...readers].map((read) => read())));
    }
  },
});

/** Asks a worker for the age of its heartbeat whenever the metrics are read; the result ends that. */
export function watchHeartbeats(service: string, read: () => number): () => void {
  const readers = ages.get(service) ?? new Set();
  ages.set(service, readers.add(read));
  return () => void readers.delete(read);
}

/** Notes a failed attempt at a step. */
export function countFailure({ service, kind }: { service: string; kind: string }, { code }: Failure): void {
  failures.inc({ service, kind, code });
}
