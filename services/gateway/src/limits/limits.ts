import type { Config } from '@kneepoint/platform';

/** What one operation, one client and one process may take: every bound on GraphQL is here. */
export interface Limits {
  /** Of a document: known before anything is read. */
  readonly document: {
    readonly tokens: number;
    readonly depth: number;
    readonly aliases: number;
    readonly directives: number;
  };
  /** Fields that an answer may have at most, as far as can be told beforehand. */
  readonly cost: number;
  /** Time that an operation may take, waiting included, in milliseconds. */
  readonly milliseconds: number;
  /** Of an answer before it is compressed. */
  readonly bytes: number;
  /** Operations that are worked on at once; so many times more may wait for their turn. */
  readonly atOnce: number;
  readonly waiting: number;
  /** The same two of events: one change is news to all who watch, whose reads of one moment are one statement. */
  readonly events: { readonly atOnce: number; readonly waiting: number };
  /** Of one principal in a minute; 0: any number. Each document takes one, see `costInRate`. */
  readonly perMinute: number;
  readonly sockets: {
    /** Operations of one socket at once, subscriptions mostly. */
    readonly operations: number;
    /** Subscriptions of the process. */
    readonly subscriptions: number;
    /** Answers that a client may leave unread, in bytes; it is then taken to be gone. */
    readonly unreadBytes: number;
  };
}

/** Waiting operations for each that is worked on. */
const QUEUE = 8;
const SUBSCRIPTIONS = 5000;

/** Far above what the command line and a dashboard ask, far below what hurts. */
export function limitsOf({ gateway }: Pick<Config, 'gateway'>): Limits {
  const { queryCost, querySeconds, answerMb, queries, queriesPerMinute } = gateway;
  return {
    document: { tokens: 4000, depth: 16, aliases: 60, directives: 50 },
    cost: queryCost,
    milliseconds: querySeconds * 1000,
    bytes: answerMb * 2 ** 20,
    ...{ atOnce: queries, waiting: queries * QUEUE, perMinute: queriesPerMinute },
    events: { atOnce: 500, waiting: SUBSCRIPTIONS },
    sockets: { operations: 100, subscriptions: SUBSCRIPTIONS, unreadBytes: 2 ** 22 },
  };
}

/** What an operation takes of its principal's rate besides what its document took before it was read: one for each thousand fields. */
export function costInRate(cost: number): number {
  return Math.floor(cost / 1000);
}
