import { type Prisma, PrismaClient } from './generated/client.ts';

/** Query events are on, so that a test can count the statements that a request costs. */
export type DatabaseClient = PrismaClient<'query'>;

/** The client inside a transaction. */
export type Transaction = Prisma.TransactionClient;

type Adapter = Extract<Prisma.PrismaClientOptions, { adapter: unknown }>['adapter'];

/**
 * Waiting for a connection is bounded, so that a lost database becomes a failure that a caller can retry; the limit of a
 * whole transaction only catches defects, such as awaiting the plain client inside one on PGlite's single connection.
 */
const TRANSACTION = { maxWait: 10_000, timeout: 30_000 } as const;

export function createClient(adapter: NonNullable<Adapter>): DatabaseClient {
  return new PrismaClient({
    adapter,
    log: [{ emit: 'event', level: 'query' }],
    errorFormat: 'minimal',
    transactionOptions: TRANSACTION,
  });
}
