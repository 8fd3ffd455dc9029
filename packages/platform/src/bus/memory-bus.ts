import { Failure } from '@kneepoint/failures';
import type { Bus, ConsumeOptions, Consumer, DeadLetter, JobHandler, PublishOptions, Unsubscribe } from './bus.ts';
import { encodeJson } from './json.ts';
import { DeadConsumer } from './memory-dead-consumer.ts';
import { DEFAULT_BUS_SETTINGS, type BusSettings, DUPLICATE_WINDOW_MS, retryDelay, silence } from './settings.ts';
import { checkPattern, checkSubject, checkToken, matches, serviceOf } from './subjects.ts';

interface QueuedJob {
  readonly id: string;
  /** Kept as text so that sender and receiver never share an object, as over a network. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  deliveries: number;
}

interface Queue {
  readonly ready: QueuedJob[];
  readonly consumers: Set<MemoryConsumer>;
}

/** The bus of the embedded mode: the same promises as JetStream within one process, and nothing survives the process. */
export class MemoryBus implements Bus {
  readonly #settings: BusSettings;
  readonly #queues = new Map<string, Queue>();
  readonly #seen = new Map<string, number>();
  readonly #listeners = new Set<{ pattern: string; listener: (payload: unknown, subject: string) => void }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #dead: DeadLetter[] = [];
  readonly #deadConsumers = new Set<DeadConsumer>();
  #closed = false;

  constructor(settings: Partial<BusSettings> = {}) {
    this.#settings = { ...DEFAULT_BUS_SETTINGS, ...settings };
  }

  publish(subject: string, message: unknown, { id, headers = {} }: PublishOptions): Promise<void> {
    return Promise.resolve().then(() => {
      const service = serviceOf(subject);
      const text = encodeJson(message);
      this.#assertOpen();
      if (this.#isDuplicate(id)) return;
      this.#queue(service).ready.push({ id, text, headers: { ...headers }, deliveries: 0 });
      this.#wake(service);
    });
  }

  consume(service: string, handler: JobHandler, { concurrency }: ConsumeOptions): Promise<Consumer> {
    return Promise.resolve().then(() => {
      this.#assertOpen();
      const queue = this.#queue(checkToken(service));
      const consumer = new MemoryConsumer(concurrency, (job, done) => this.#deliver(service, job, handler, done), {
        take: () => queue.ready.shift(),
        forget: () => queue.consumers.delete(consumer),
      });
      queue.consumers.add(consumer);
      consumer.fill();
      return consumer;
    });
  }

  consumeDead(handler: (letter: DeadLetter) => Promise<void>): Promise<Consumer> {
    return Promise.resolve().then(() => {
      this.#assertOpen();
      const consumer = new DeadConsumer(this.#dead, handler, retryDelay(this.#settings.retryDelaysMs, 1), () =>
        this.#deadConsumers.delete(consumer),
      );
      this.#deadConsumers.add(consumer);
      consumer.wake();
      return consumer;
    });
  }

  /** Who shares the process needs no directory. */
  register(): Promise<Unsubscribe> {
    return Promise.resolve(() => Promise.resolve());
  }

  broadcast(subject: string, payload: unknown): void {
    checkSubject(subject);
    const text = encodeJson(payload);
    if (this.#closed) return;
    for (const { pattern, listener } of this.#listeners) {
      if (matches(pattern, subject)) setImmediate(() => listener(JSON.parse(text), subject));
    }
  }

  subscribe(pattern: string, listener: (payload: unknown, subject: string) => void): Promise<Unsubscribe> {
    return Promise.resolve().then(() => {
      this.#assertOpen();
      const entry = { pattern: checkPattern(pattern), listener };
      this.#listeners.add(entry);
      return () => {
        this.#listeners.delete(entry);
        return Promise.resolve();
      };
    });
  }

  health(): Promise<void> {
    return Promise.resolve().then(() => this.#assertOpen());
  }

  async close(): Promise<void> {
    const consumers = [...this.#queues.values()].flatMap((queue) => [...queue.consumers]);
    await Promise.all([...consumers, ...this.#deadConsumers].map((consumer) => consumer.drain()));
    this.#closed = true;
    this.#listeners.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Hands one delivery to the handler; `done` frees the place when the handler settles. */
  #deliver(service: string, job: QueuedJob, handler: JobHandler, done: () => void): void {
    const deliveries = (job.deliveries += 1);
    const { maxDeliveries, retryDelaysMs, onJobError } = this.#settings;
    const ackWaitMs = silence(this.#settings, deliveries);
    let current = true;
    const returnJob = (error: unknown, delayMs: number): void => {
      current = false;
      clearTimeout(clock);
      const givenUp = deliveries >= maxDeliveries;
      onJobError({ service, id: job.id, deliveries, error, givenUp });
      if (givenUp) this.#bury(service, job);
      else this.#requeue(service, job, delayMs);
    };
    const overdue = (): void => {
      if (current) returnJob(new Error(`no sign of life for ${ackWaitMs} ms`), 0);
    };
    let clock = setTimeout(overdue, ackWaitMs);
    const working = (): void => {
      clearTimeout(clock);
      if (current) clock = setTimeout(overdue, ackWaitMs);
    };
    const { id, headers } = job;
    Promise.resolve()
      .then(() => handler({ message: JSON.parse(job.text), id, headers, deliveries, ackWaitMs, working }))
      .then(
        () => {
          current = false;
          clearTimeout(clock);
        },
        (error: unknown) => {
          if (current) returnJob(error, retryDelay(retryDelaysMs, deliveries));
        },
      )
      .finally(done);
  }

  #requeue(service: string, job: QueuedJob, delayMs: number): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#queue(service).ready.push(job);
      this.#wake(service);
    }, delayMs);
    this.#timers.add(timer);
  }

  #bury(service: string, { id, text, deliveries }: QueuedJob): void {
    this.#dead.push({ service, reason: 'MAX_DELIVERIES', deliveries, job: { id, message: JSON.parse(text) } });
    for (const consumer of this.#deadConsumers) consumer.wake();
  }

  #wake(service: string): void {
    for (const consumer of this.#queue(service).consumers) consumer.fill();
  }

  #queue(service: string): Queue {
    const existing = this.#queues.get(service);
    if (existing !== undefined) return existing;
    const queue: Queue = { ready: [], consumers: new Set() };
    this.#queues.set(service, queue);
    return queue;
  }

  #isDuplicate(id: string): boolean {
    const now = Date.now();
    for (const [known, expires] of this.#seen) {
      if (expires > now) break; // insertion order is expiry order
      this.#seen.delete(known);
    }
    if (this.#seen.has(id)) return true;
    this.#seen.set(id, now + DUPLICATE_WINDOW_MS);
    return false;
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new Failure('BUS_UNAVAILABLE', 'The in-process bus is closed', { where: 'memory:' });
    }
  }
}

class MemoryConsumer implements Consumer {
  readonly #concurrency: number;
  readonly #deliver: (job: QueuedJob, done: () => void) => void;
  readonly #source: { take: () => QueuedJob | undefined; forget: () => void };
  #running = 0;
  #draining = false;
  #idle: (() => void)[] = [];

  constructor(
    concurrency: number,
    deliver: (job: QueuedJob, done: () => void) => void,
    source: { take: () => QueuedJob | undefined; forget: () => void },
  ) {
    this.#concurrency = concurrency;
    this.#deliver = deliver;
    this.#source = source;
  }

  fill(): void {
    while (!this.#draining && this.#running < this.#concurrency) {
      const job = this.#source.take();
      if (job === undefined) return;
      this.#running += 1;
      this.#deliver(job, () => {
        this.#running -= 1;
        if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
        this.fill();
      });
    }
  }

  drain(): Promise<void> {
    this.#draining = true;
    this.#source.forget();
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
