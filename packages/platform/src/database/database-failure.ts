import { Failure } from '@kneepoint/failures';
import { isDistrust, TRUST_FIX } from '../trust.ts';
import { Prisma } from './generated/client.ts';

/** Prisma: unreachable, timed out, connection closed, no connection left in the pool, transaction not started or lost. */
const UNAVAILABLE_PRISMA = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);
/** What the driver adapters call it; all that is left of it in the error of a raw query. */
const UNAVAILABLE_KIND = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);
const UNAVAILABLE_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN']);
/** SQLSTATE: connection exceptions, out of resources, shutting down or starting up, cut off for idling in a transaction. */
const UNAVAILABLE_SQLSTATE = /^(08...|53...|57P0[123]|25P03)$/;
/** pg and its pool report these with a message only. */
const UNAVAILABLE_MESSAGE =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|connection ended|not queryable/i;
/** Serialization failure and deadlock. */
const CONFLICT_SQLSTATE = new Set(['40001', '40P01']);

/** Whether the database could not be asked. What was asked may have been done all the same if a commit was under way. */
export function isUnavailable(error: unknown): boolean {
  return chain(error).some(
    ({ code, kind, message }) =>
      UNAVAILABLE_PRISMA.has(code) ||
      UNAVAILABLE_KIND.has(kind) ||
      UNAVAILABLE_SYSTEM.has(code) ||
      UNAVAILABLE_SQLSTATE.test(code) ||
      code === 'DATABASE_UNAVAILABLE' ||
      UNAVAILABLE_MESSAGE.test(message),
  );
}

/** Whether the database rolled a transaction back because of another one: the same transaction can succeed when repeated. */
export function isConflict(error: unknown): boolean {
  return chain(error).some(
    ({ code, kind }) => code === 'P2034' || kind === 'TransactionWriteConflict' || CONFLICT_SQLSTATE.has(code),
  );
}

/** Whether a row with the same unique value exists. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}

export function databaseUnavailable(error: unknown, where?: string): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('DATABASE_UNAVAILABLE', `the database does not answer: ${lastLine(message)}`, {
    ...(where === undefined ? {} : { where }),
    fix: isDistrust(error) ? TRUST_FIX : 'check that Postgres runs and that DATABASE_URL is right',
    cause: error,
  });
}

/** An error with everything that it wraps: Prisma puts the driver's error into `meta` and `cause`. */
function chain(error: unknown): { code: string; kind: string; message: string }[] {
  const found: ReturnType<typeof chain> = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && found.length < 10) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null) continue;
    const fields = next as Record<string, unknown>;
    found.push({
      code: text(fields.originalCode) || text(fields.code),
      kind: text(fields.kind),
      message: text(fields.message),
    });
    queue.push(fields.cause, fields.meta, fields.driverAdapterError);
  }
  return found;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function lastLine(message: string): string {
  return message.trim().split('\n').at(-1)?.trim() ?? '';
}
