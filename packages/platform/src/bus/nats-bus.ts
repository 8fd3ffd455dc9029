import {
  type JetStreamClient,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type Consumer as PullConsumer,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { errors, headers as natsHeaders, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type {
  Bus,
  ConsumeOptions,
  Consumer,
  DeadLetter,
  JobHandler,
  PublishOptions,
  ServiceNotice,
  Unsubscribe,
} from './bus.ts';
import { readLetter } from './dead-letter.ts';
import { ensureConsumer, ensureDeadConsumer, ensureStreams, type StreamNames, streamNames } from './job-stream.ts';
import { encodeJson } from './json.ts';
import { connectNats, type NatsConnectOptions, natsServers } from './nats-connection.ts';
import { NatsConsumer, type NatsConsumerOptions } from './nats-consumer.ts';
import { NatsLink } from './nats-link.ts';
import { registerService } from './nats-service.ts';
import { type BusSettings, DEFAULT_BUS_SETTINGS } from './settings.ts';
import { checkPattern, checkSubject, checkToken, serviceOf } from './subjects.ts';

export interface NatsBusOptions extends NatsConnectOptions, Partial<BusSettings> {
  /** First token of every subject and of the stream's name, so that installations can share a server. */
  readonly namespace?: string;
  /** Copies of the queue in a NATS cluster. */
  readonly replicas?: number;
}

/** Jobs on a JetStream work queue, broadcasts on core NATS. Works with nats-server 2.9 and newer. */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #link: NatsLink;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #namespace: string;
  readonly #names: StreamNames;
  readonly #replicas: number;
  readonly #settings: BusSettings;
  readonly #consumers = new Set<NatsConsumer>();

  private constructor(connection: NatsConnection, manager: JetStreamManager, url: string, options: NatsBusOptions) {
    this.#connection = connection;
    this.#manager = manager;
    this.#client = jetstream(connection);
    this.#link = new NatsLink(connection, natsServers(url).join(','));
    this.#namespace = checkToken(options.namespace ?? 'kneepoint');
    this.#names = streamNames(this.#namespace);
    this.#replicas = options.replicas ?? 1;
    this.#settings = { ...DEFAULT_BUS_SETTINGS, ...options };
  }

  /** Connects and creates or checks the stream. Throws BUS_UNAVAILABLE, BUS_MISCONFIGURED. */
  static async open(url: string, options: NatsBusOptions = {}): Promise<NatsBus> {
    const connection = await connectNats(url, options);
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const bus = new NatsBus(connection, manager, url, options);
      await bus.#link.request(() => ensureStreams(manager, bus.#names, bus.#replicas));
      return bus;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async publish(subject: string, message: unknown, { id, headers }: PublishOptions): Promise<void> {
    const target = `${this.#names.subject}.${serviceOf(subject)}`;
    const payload = encodeJson(message);
    const options = { msgID: id, ...(headers === undefined ? {} : { headers: toHeaders(headers) }) };
    await this.#link.request(async () => {
      try {
        await this.#client.publish(target, payload, options);
      } catch (error) {
        // nobody takes the subject: the stream is gone with the server's storage
        if (!isNoResponders(error)) throw error;
        await ensureStreams(this.#manager, this.#names, this.#replicas);
        await this.#client.publish(target, payload, options);
      }
    });
  }

  async consume(service: string, handler: JobHandler, { concurrency }: ConsumeOptions): Promise<Consumer> {
    checkToken(service);
    const make = async (): Promise<PullConsumer> => {
      await ensureStreams(this.#manager, this.#names, this.#replicas);
      return ensureConsumer(this.#manager, this.#names, service, this.#settings);
    };
    return this.#consume(make, { service, handler, concurrency, settings: this.#settings });
  }

  async consumeDead(handler: (letter: DeadLetter) => Promise<void>): Promise<Consumer> {
    const settings = { ...this.#settings, maxDeliveries: Infinity };
    const make = async (): Promise<PullConsumer> => {
      await ensureStreams(this.#manager, this.#names, this.#replicas);
      return ensureDeadConsumer(this.#manager, this.#names, settings);
    };
    const handle: JobHandler = async ({ message }) => {
      const read = await this.#link.request(() => readLetter(message, this.#manager, this.#names.stream));
      if (read === undefined) return;
      await handler(read.letter);
      await this.#link.request(() => read.remove());
    };
    return this.#consume(make, { service: this.#names.dead, handler: handle, concurrency: 1, settings });
  }

  register(notice: ServiceNotice): Promise<Unsubscribe> {
    checkToken(notice.service);
    return this.#link.request(() => registerService(this.#connection, this.#namespace, notice));
  }

  async #consume(
    make: () => Promise<PullConsumer>,
    options: Omit<NatsConsumerOptions, 'link' | 'provision'>,
  ): Promise<Consumer> {
    const provision = (): Promise<PullConsumer> => this.#link.request(make);
    const consumer = new NatsConsumer(await provision(), { ...options, link: this.#link, provision });
    this.#consumers.add(consumer);
    return {
      drain: async () => {
        await consumer.drain();
        this.#consumers.delete(consumer);
        // acknowledgements are on their way; the caller may end the process next
        if (this.#link.isOnline && !this.#connection.isClosed()) await this.#flush();
      },
    };
  }

  broadcast(subject: string, payload: unknown): void {
    const target = `${this.#namespace}.${checkSubject(subject)}`;
    const text = encodeJson(payload);
    if (!this.#connection.isClosed() && !this.#connection.isDraining()) this.#connection.publish(target, text);
  }

  async subscribe(pattern: string, listener: (payload: unknown, subject: string) => void): Promise<Unsubscribe> {
    const prefix = `${this.#namespace}.`;
    const subscription = this.#connection.subscribe(prefix + checkPattern(pattern), {
      callback: (error, message) => {
        if (error === null) listener(message.json(), message.subject.slice(prefix.length));
      },
    });
    // resolves when the server knows of it, so that nothing sent from now on is missed
    await this.#link.request(() => this.#connection.flush());
    return () => {
      subscription.unsubscribe();
      return Promise.resolve();
    };
  }

  async health(): Promise<void> {
    await this.#link.request(async () => {
      try {
        await this.#manager.streams.info(this.#names.stream);
      } catch (error) {
        if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
        await ensureStreams(this.#manager, this.#names, this.#replicas);
      }
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.drain()));
    this.#consumers.clear();
    if (this.#connection.isClosed()) return;
    // draining a lost connection would wait for it to come back
    if (this.#link.isOnline) await this.#link.request(() => this.#connection.drain()).catch(() => undefined);
    await this.#connection.close();
  }

  /** Resolves when the server has read what was sent so far, or cannot be reached. */
  async #flush(): Promise<void> {
    await this.#link.request(() => this.#connection.flush()).catch(() => undefined);
  }
}

function toHeaders(headers: Readonly<Record<string, string>>): MsgHdrs {
  const made = natsHeaders();
  for (const [name, value] of Object.entries(headers)) made.set(name, value);
  return made;
}

function isNoResponders(error: unknown): boolean {
  return error instanceof errors.NoRespondersError || (error instanceof Error && isNoResponders(error.cause));
}
