import { JetStreamApiCodes, JetStreamApiError, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { checkStreams, streamNames } from './job-stream.ts';
import { connectNats, type NatsConnectOptions } from './nats-connection.ts';
import { parseBusUrl } from './open-bus.ts';

export interface NatsState {
  readonly version: string;
  /** Undefined: the streams are not there yet; the next start makes them. */
  readonly queue: QueueState | undefined;
}

export interface QueueState {
  readonly waiting: number;
  readonly dead: number;
  /** Deliveries that no worker has acknowledged yet, and how often each was repeated, by service. */
  readonly consumers: readonly { readonly service: string; readonly waiting: number; readonly working: number }[];
}

/** Looks at a server, JetStream and the streams, and changes nothing. Throws BUS_UNAVAILABLE, BUS_MISCONFIGURED. */
export async function inspectNats(url: string, options: NatsConnectOptions): Promise<NatsState> {
  const { servers, namespace = 'kneepoint' } = parseBusUrl(url);
  const connection = await connectNats(servers, { connectTimeoutMs: 5_000, ...options });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const version = connection.info?.version ?? 'unknown';
    await manager.getAccountInfo();
    const names = streamNames(namespace);
    const [jobs, dead] = await Promise.all(
      [names.stream, names.dead].map((name) => manager.streams.info(name).catch(undefinedIfMissing)),
    );
    if (jobs === undefined || dead === undefined) return { version, queue: undefined };
    checkStreams(names, jobs.config, dead.config);
    const consumers: QueueState['consumers'][number][] = [];
    for await (const { name, num_pending, num_ack_pending } of manager.consumers.list(names.stream)) {
      consumers.push({ service: name, waiting: num_pending, working: num_ack_pending });
    }
    return { version, queue: { waiting: jobs.state.messages, dead: dead.state.messages, consumers } };
  } finally {
    await connection.close();
  }
}

function undefinedIfMissing(error: unknown): undefined | StreamInfo {
  if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
  throw error;
}
