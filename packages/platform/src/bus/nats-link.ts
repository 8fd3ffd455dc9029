import { EventEmitter, once } from 'node:events';
import { Failure } from '@kneepoint/failures';
import type { NatsConnection } from '@nats-io/transport-node';

/** Milliseconds that a request waits for a lost connection to come back, and then for its answer. */
const REQUEST_MS = 3_000;

/**
 * A connection that knows whether it stands. The client drops what was written while it did not, without a word: so
 * requests wait for it, are given up the moment it is lost, and acknowledgements are held back until it is there again.
 */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly #where: string;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #online = true;

  constructor(connection: NatsConnection, where: string) {
    this.connection = connection;
    this.#where = where;
    void this.#watch();
  }

  get isOnline(): boolean {
    return this.#online;
  }

  /** Calls `listener` once when the connection is lost; the result takes it back. */
  onLost(listener: () => void): () => void {
    this.#changes.once('lost', listener);
    return () => this.#changes.off('lost', listener);
  }

  /** Resolves with true once the connection stands, with false when `signal` aborts first. */
  async whenOnline(signal: AbortSignal): Promise<boolean> {
    try {
      while (!this.#online) await once(this.#changes, 'online', { signal });
      return true;
    } catch {
      return false;
    }
  }

  /** Runs a request; whatever the client throws becomes BUS_UNAVAILABLE, failures pass unchanged. */
  async request<T>(work: () => Promise<T>): Promise<T> {
    const ended = new AbortController();
    let takeBack = (): void => undefined;
    try {
      if (this.connection.isClosed()) throw new Error('the bus is closed');
      if (!(await this.whenOnline(AbortSignal.timeout(REQUEST_MS)))) throw new Error('not connected');
      const broken = new Promise<never>((_resolve, reject) => {
        takeBack = this.onLost(() => reject(new Error('connection lost')));
        const clock = setTimeout(() => reject(new Error(`no answer within ${REQUEST_MS} ms`)), REQUEST_MS);
        ended.signal.addEventListener('abort', () => clearTimeout(clock));
      });
      return await Promise.race([work(), broken]);
    } catch (error) {
      if (error instanceof Failure) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Failure('BUS_UNAVAILABLE', `NATS did not take the request: ${reason}`, {
        where: this.#where,
        fix: 'check that nats-server runs there with JetStream enabled (-js)',
        cause: error,
      });
    } finally {
      takeBack();
      ended.abort();
    }
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') {
        this.#online = false;
        this.#changes.emit('lost');
      } else if (type === 'reconnect') {
        this.#online = true;
        this.#changes.emit('online');
      }
    }
  }
}
