import type { DatabaseClient, Transaction } from './client.ts';

/** The truth: models, data sets, runs and what they left behind. The same schema on Postgres and on PGlite. */
export interface Database {
  readonly prisma: DatabaseClient;

  /**
   * True when this process alone can use the database (PGlite). Whatever an earlier process was doing has then stopped, which
   * lets the reconciler take it up at once instead of waiting for leases to end.
   */
  readonly exclusive: boolean;

  /** The project that it is bound to; undefined: every project is seen. */
  readonly projectId: string | undefined;

  /** When it was opened, by the database's own clock. */
  readonly openedAt: Date;

  /**
   * The same database as those see it who work in one project: whatever is asked finds, changes and makes rows of that project alone.
   * Who plans or does a run's work uses this; only what looks after all projects, such as the reconciler, uses the other.
   */
  forProject(projectId: string): Database;

  /**
   * Runs `work` in one transaction and commits what it did, or nothing. Repeated when the database aborted it over a
   * conflict with another one, so `work` must have no other effects. Inside, use only the client that it is given.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;

  /** Calls back after this process committed something to the outbox. Returns how to stop that. */
  onOutbox(listener: () => void): () => void;

  /** To be called after a commit that wrote to the outbox. */
  wakeOutbox(): void;

  /** Tells others where this process can be reached, for the message that refuses a second process its PGlite folder. */
  announce(url: string): Promise<void>;

  /** Resolves when the database answers; otherwise throws DATABASE_UNAVAILABLE. */
  health(): Promise<void>;

  close(): Promise<void>;
}
