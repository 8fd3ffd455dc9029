import type { DatabaseClient } from './client.ts';

/** What differs between the engines. */
export interface DatabaseConnection {
  readonly prisma: DatabaseClient;
  readonly exclusive: boolean;
  /** Where it is, without secrets. */
  readonly where: string;
  announce(url: string): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** How long to wait for a server that does not answer yet, in milliseconds. Default 10 000. */
  readonly waitMs?: number;
  /** Most connections that this process holds to a server. Default 10. */
  readonly connections?: number;
  /** After how long a server gives up a statement, in milliseconds. Default 0: never. */
  readonly statementMs?: number;
}
