import { Failure } from '@kneepoint/failures';
import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { type BusSettings, DUPLICATE_WINDOW_MS } from './settings.ts';

/** Long enough for a queue that waits over a weekend; what is older is published anew by the reconciler. */
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/** NATS error codes: the name is taken by a stream with other settings; its subjects overlap with another stream's. */
const NAME_TAKEN = 10058;
const SUBJECTS_OVERLAP = 10065;

export interface StreamNames {
  readonly stream: string;
  /** `<namespace>.jobs` */
  readonly subject: string;
}

export function streamNames(namespace: string): StreamNames {
  return { stream: `${namespace}-jobs`, subject: `${namespace}.jobs` };
}

/** Creates the work-queue stream, or checks the one that is there. Throws BUS_MISCONFIGURED. */
export async function ensureStream(manager: JetStreamManager, names: StreamNames, replicas: number): Promise<void> {
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
    if (error.code === SUBJECTS_OVERLAP) throw misconfigured(names, error.message, error);
    if (error.code !== NAME_TAKEN) throw error;
    await checkStream(manager, names);
  }
}

/** An operator may have changed limits or replicas; what the work queue's promises rest on must hold. */
async function checkStream(manager: JetStreamManager, names: StreamNames): Promise<void> {
  const { config } = await manager.streams.info(names.stream);
  if (config.retention !== RetentionPolicy.Workqueue) {
    throw misconfigured(names, `it keeps messages by "${config.retention}" instead of "${RetentionPolicy.Workqueue}"`);
  }
  if (!config.subjects.includes(`${names.subject}.*`)) {
    throw misconfigured(names, `it takes ${config.subjects.join(', ')} instead of ${names.subject}.*`);
  }
}

/** The durable pull consumer that all workers of a service share; created, or updated to these settings. */
export async function ensureConsumer(
  manager: JetStreamManager,
  names: StreamNames,
  service: string,
  settings: BusSettings,
): Promise<Consumer> {
  await manager.consumers.add(names.stream, {
    durable_name: service,
    filter_subject: `${names.subject}.${service}`,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(settings.ackWaitMs),
    max_deliver: settings.maxDeliveries,
    // one per worker at work or waiting: far above any cluster, or a thousand workers would wait for each other
    max_ack_pending: 20_000,
    max_waiting: 20_000,
  });
  return manager.jetstream().consumers.get(names.stream, service);
}

function misconfigured(names: StreamNames, reason: string, cause?: unknown): Failure {
  return new Failure('BUS_MISCONFIGURED', `Stream ${names.stream} cannot carry jobs: ${reason}`, {
    where: names.stream,
    fix: `delete the stream, or give Kneepoint another namespace in BUS_URL (?namespace=NAME)`,
    cause,
  });
}
