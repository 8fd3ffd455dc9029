/** One delivery of a job to a handler. */
export interface Job {
  /** What was published, decoded from JSON. Check its shape before use: another version may have sent it. */
  readonly message: unknown;
  /** The id given to `publish`. */
  readonly id: string;
  /** 1 on the first delivery, one more on each redelivery. */
  readonly deliveries: number;
  /** What was given to `publish` beside the message, such as a trace context; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds of silence after which the bus takes this delivery for lost. */
  readonly ackWaitMs: number;
  /** Restarts the acknowledgement clock. Call it at a third of `ackWaitMs` while the job is worked on. */
  working(): void;
}

/** A job that the bus has given up: nobody finished it, however often it was delivered. */
export interface DeadLetter {
  readonly service: string;
  /** MAX_DELIVERIES: every delivery ended in silence or in an error. TERMINATED: an operator or a client ended it. */
  readonly reason: 'MAX_DELIVERIES' | 'TERMINATED';
  readonly deliveries: number;
  /** Id and message of the job, while the bus still had them. */
  readonly job: Pick<Job, 'id' | 'message'> | undefined;
}

/** What a process says of itself to whoever lists services. */
export interface ServiceNotice {
  /** The service, such as `extractor`. */
  readonly service: string;
  readonly description: string;
  /** Answered to whoever asks `<namespace>.svc.<service>.status`; JSON. */
  readonly status: () => object;
}

export type JobHandler = (job: Job) => Promise<void>;

export interface ConsumeOptions {
  /** How many jobs this consumer works on at once. At least 1. */
  readonly concurrency: number;
}

export interface Consumer {
  /** Takes no further job, waits for those in hand, then resolves. Safe to call twice. */
  drain(): Promise<void>;
}

export interface PublishOptions {
  /** Names the message; a second publish with the same id within `DUPLICATE_WINDOW_MS` is dropped. */
  readonly id: string;
  /** Travels beside the message; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export type Unsubscribe = () => Promise<void>;

/**
 * Delivers jobs at least once and broadcasts at most once. It only delivers: what is true stands in the database, so a
 * handler must tolerate a job that it has seen before, and a subscriber must tolerate a broadcast that never comes.
 */
export interface Bus {
  /**
   * Puts a job on the work queue `jobs.<service>`; resolves once the queue holds it.
   * Throws BUS_SUBJECT_INVALID, JSON_INVALID, BUS_UNAVAILABLE (safe to repeat with the same id).
   */
  publish(subject: string, message: unknown, options: PublishOptions): Promise<void>;

  /**
   * Works off the queue of a service. Any number of consumers share it; each job goes to one of them at a time.
   * Handler resolves: the job is done. Handler rejects: it comes back after a delay. Handler neither settles nor calls
   * `working()` within `ackWaitMs`: it is delivered again, here or elsewhere. After `maxDeliveries` it is given up and
   * becomes a dead letter.
   */
  consume(service: string, handler: JobHandler, options: ConsumeOptions): Promise<Consumer>;

  /**
   * Receives the dead letters of all services, one at a time, each by one listener; a handler that rejects gets its letter
   * again. The bus forgets the job once the handler has resolved.
   */
  consumeDead(handler: (letter: DeadLetter) => Promise<void>): Promise<Consumer>;

  /** Registers this process with the bus's own directory of services, where it has one; the result takes it back. */
  register(notice: ServiceNotice): Promise<Unsubscribe>;

  /** Tells whoever listens now; no reply, no memory, no error when the bus is down. */
  broadcast(subject: string, payload: unknown): void;

  /** Listens to broadcasts. `*` stands for one token, `>` for one or more at the end: `events.run.*`. */
  subscribe(pattern: string, listener: (payload: unknown, subject: string) => void): Promise<Unsubscribe>;

  /** Resolves when jobs can be published and consumed now; otherwise throws BUS_UNAVAILABLE. */
  health(): Promise<void>;

  /** Drains every consumer, then lets go of the connection. */
  close(): Promise<void>;
}
