import type {
  Bus,
  Consumer,
  ConsumeOptions,
  DeadLetter,
  JobHandler,
  PublishOptions,
  ServiceNotice,
  Unsubscribe,
} from '@kneepoint/platform';

/** A bus that counts who listens, and can lose what is told. */
export class ListeningBus implements Bus {
  readonly #bus: Bus;
  listeners = 0;
  /** Broadcasts are lost while this is set. */
  deaf = false;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  publish(subject: string, message: unknown, options: PublishOptions): Promise<void> {
    return this.#bus.publish(subject, message, options);
  }

  consume(service: string, handler: JobHandler, options: ConsumeOptions): Promise<Consumer> {
    return this.#bus.consume(service, handler, options);
  }

  consumeDead(handler: (letter: DeadLetter) => Promise<void>): Promise<Consumer> {
    return this.#bus.consumeDead(handler);
  }

  register(notice: ServiceNotice): Promise<Unsubscribe> {
    return this.#bus.register(notice);
  }

  broadcast(subject: string, payload: unknown): void {
    if (!this.deaf) this.#bus.broadcast(subject, payload);
  }

  async subscribe(pattern: string, listener: (payload: unknown, subject: string) => void): Promise<Unsubscribe> {
    const unsubscribe = await this.#bus.subscribe(pattern, listener);
    this.listeners += 1;
    return () => {
      this.listeners -= 1;
      return unsubscribe();
    };
  }

  health(): Promise<void> {
    return this.#bus.health();
  }

  close(): Promise<void> {
    return this.#bus.close();
  }
}
