import { Failure } from '@kneepoint/failures';
import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { type BusSettings, DUPLICATE_WINDOW_MS, silences } from './settings.ts';

/** Long enough for a queue that waits over a weekend; what is older is published anew by the reconciler. */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/** Dead letters are for looking at afterwards; what becomes of the run was decided when they came. */
const DEAD_AGE_MS = 30 * 24 * 3600 * 1000;
const MOST_DEAD = 100_000;
const DEAD_CONSUMER = 'reconciler';

/** NATS error codes: the name is taken by a stream with other settings; its subjects overlap with another stream's. */
const NAME_TAKEN = 10058;
const SUBJECTS_OVERLAP = 10065;

export interface StreamNames {
  readonly stream: string;
  /** `<namespace>.jobs` */
  readonly subject: string;
  /** Keeps what the server says of jobs that were given up. */
  readonly dead: string;
}

export function streamNames(namespace: string): StreamNames {
  return { stream: `${namespace}-jobs`, subject: `${namespace}.jobs`, dead: `${namespace}-dead` };
}

/** Creates the work queue and the stream of dead letters, or checks those that are there. Throws BUS_MISCONFIGURED. */
export async function ensureStreams(manager: JetStreamManager, names: StreamNames, replicas: number): Promise<void> {
  await ensureStream(manager, names, replicas);
  await ensureDeadStream(manager, names, replicas);
}

async function ensureStream(manager: JetStreamManager, names: StreamNames, replicas: number): Promise<void> {
  try {
    await manager.streams.add({
      name: names.stream,
      description: 'Kneepoint jobs waiting for a worker',
      subjects: [`${names.subject}.*`],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      max_age: nanos(MAX_AGE_MS),
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      num_replicas: replicas,
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    if (error.code === SUBJECTS_OVERLAP) throw misconfigured(names.stream, error.message, error);
    if (error.code !== NAME_TAKEN) throw error;
    checkJobs(names, (await manager.streams.info(names.stream)).config);
  }
}

/** An operator may have changed limits or replicas; what the work queue's promises rest on must hold. */
function checkJobs(names: StreamNames, { retention, subjects }: StreamConfig): void {
  if (retention !== RetentionPolicy.Workqueue) {
    const found = `it keeps messages by "${retention}" instead of "${RetentionPolicy.Workqueue}"`;
    throw misconfigured(names.stream, found);
  }
  if (!subjects.includes(`${names.subject}.*`)) {
    throw misconfigured(names.stream, `it takes ${subjects.join(', ')} instead of ${names.subject}.*`);
  }
}

function checkDead(names: StreamNames, { subjects }: StreamConfig): void {
  const missing = advisories(names).filter((subject) => !subjects.includes(subject));
  if (missing.length > 0) throw misconfigured(names.dead, `it does not take ${missing.join(', ')}`);
}

/** Throws BUS_MISCONFIGURED when streams that are there cannot do their work. */
export function checkStreams(names: StreamNames, jobs: StreamConfig, dead: StreamConfig): void {
  checkJobs(names, jobs);
  checkDead(names, dead);
}

/** The server tells of a job that was given up by an advisory, once and to whoever listens: a stream makes it last. */
function advisories({ stream }: StreamNames): string[] {
  return ['MAX_DELIVERIES', 'MSG_TERMINATED'].map((event) => `$JS.EVENT.ADVISORY.CONSUMER.${event}.${stream}.*`);
}

async function ensureDeadStream(manager: JetStreamManager, names: StreamNames, replicas: number): Promise<void> {
  try {
    await manager.streams.add({
      name: names.dead,
      description: 'Kneepoint jobs that were given up',
      subjects: advisories(names),
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_age: nanos(DEAD_AGE_MS),
      max_msgs: MOST_DEAD,
      num_replicas: replicas,
    });
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    if (error.code === SUBJECTS_OVERLAP) throw misconfigured(names.dead, error.message, error);
    if (error.code !== NAME_TAKEN) throw error;
    checkDead(names, (await manager.streams.info(names.dead)).config);
  }
}

/** The durable consumer of dead letters that all who deal with them share; a letter is tried until it is dealt with. */
export async function ensureDeadConsumer(
  manager: JetStreamManager,
  names: StreamNames,
  settings: BusSettings,
): Promise<Consumer> {
  await manager.consumers.add(names.dead, {
    durable_name: DEAD_CONSUMER,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(settings.ackWaitMs),
  });
  return manager.jetstream().consumers.get(names.dead, DEAD_CONSUMER);
}

/** The durable pull consumer that all workers of a service share; created, or updated to these settings. */
export async function ensureConsumer(
  manager: JetStreamManager,
  names: StreamNames,
  service: string,
  settings: BusSettings,
): Promise<Consumer> {
  const backoff = silences(settings).map(nanos);
  await manager.consumers.add(names.stream, {
    durable_name: service,
    filter_subject: `${names.subject}.${service}`,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(settings.ackWaitMs),
    max_deliver: settings.maxDeliveries,
    ...(backoff.length === 0 ? {} : { backoff }),
    // one per worker at work or waiting: far above any cluster, or a thousand workers would wait for each other
    max_ack_pending: 20_000,
    max_waiting: 20_000,
  });
  return manager.jetstream().consumers.get(names.stream, service);
}

function misconfigured(stream: string, reason: string, cause?: unknown): Failure {
  return new Failure('BUS_MISCONFIGURED', `Stream ${stream} cannot do its work: ${reason}`, {
    where: stream,
    fix: `delete the stream, or give Kneepoint another namespace in BUS_URL (?namespace=NAME)`,
    cause,
  });
}
