import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer as PullConsumer, JsMsg } from '@nats-io/jetstream';
import type { Consumer, Job, JobHandler } from './bus.ts';
import type { NatsLink } from './nats-link.ts';
import { type BusSettings, retryDelay, silence } from './settings.ts';

/**
 * Milliseconds that one request for a job stays open. An open request may be answered at any moment, and an answer
 * that nobody takes waits out `ackWaitMs`: so draining waits for the request to end, and requests are short.
 */
const PULL_MS = 1_000;
const RETRY_MS = 500;
/** Milliseconds that draining waits for a lost server before it leaves acknowledgements unsent. */
const ABANDON_MS = 2_000;

export interface NatsConsumerOptions {
  readonly link: NatsLink;
  readonly service: string;
  readonly handler: JobHandler;
  readonly concurrency: number;
  readonly settings: BusSettings;
  /** Creates what is missing on the server and gives the durable consumer. */
  readonly provision: () => Promise<PullConsumer>;
}

/** `concurrency` loops that each ask for one job, work on it, acknowledge it, and ask again: nothing is fetched ahead. */
export class NatsConsumer implements Consumer {
  readonly #options: NatsConsumerOptions;
  readonly #stopping = new AbortController();
  readonly #abandoning = new AbortController();
  readonly #loops: Promise<unknown>;

  constructor(first: PullConsumer, options: NatsConsumerOptions) {
    this.#options = options;
    this.#loops = Promise.all(Array.from({ length: options.concurrency }, () => this.#loop(first)));
  }

  async drain(): Promise<void> {
    this.#stopping.abort();
    const clock = setTimeout(() => this.#abandoning.abort(), ABANDON_MS);
    await this.#loops;
    clearTimeout(clock);
  }

  async #loop(first: PullConsumer): Promise<void> {
    let pull: PullConsumer | undefined = first;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!(await this.#options.link.whenOnline(this.#stopping.signal))) return;
        pull ??= await this.#options.provision();
        const message = await this.#next(pull);
        if (message !== null) await this.#work(message);
      } catch {
        // the server's storage was wiped, or it is not ready yet: the consumer is looked up, or made, again
        pull = undefined;
        await sleep(RETRY_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** The next job, or null when none came within PULL_MS or the connection was lost. */
  async #next(pull: PullConsumer): Promise<JsMsg | null> {
    const messages = await pull.fetch({ max_messages: 1, expires: PULL_MS });
    // left alone it would ask again after a reconnect, on behalf of a loop that went on
    const takeBack = this.#options.link.onLost(() => void messages.close());
    try {
      for await (const message of messages) return message;
      return null;
    } finally {
      takeBack();
    }
  }

  async #work(message: JsMsg): Promise<void> {
    const { service, handler, settings } = this.#options;
    const deliveries = message.info.deliveryCount;
    const id = message.headers?.get('Nats-Msg-Id') ?? '';
    const job: Job = {
      message: message.json(),
      id,
      deliveries,
      headers: plainHeaders(message),
      ackWaitMs: silence(settings, deliveries),
      working: () => message.working(),
    };
    try {
      await handler(job);
      await this.#answer(() => message.ack());
    } catch (error) {
      const givenUp = deliveries >= settings.maxDeliveries;
      settings.onJobError({ service, id, deliveries, error, givenUp });
      // The last one goes back too: the server then finds that it was delivered too often, and says so by an advisory while it
      // still has the job. Terminating it would throw the job away first.
      await this.#answer(() => message.nak(givenUp ? 0 : retryDelay(settings.retryDelaysMs, deliveries)));
    }
  }

  async #answer(send: () => void): Promise<void> {
    if (await this.#options.link.whenOnline(this.#abandoning.signal)) send();
  }
}

function plainHeaders({ headers }: JsMsg): Readonly<Record<string, string>> {
  return Object.fromEntries((headers?.keys() ?? []).map((name) => [name.toLowerCase(), headers!.get(name)]));
}
