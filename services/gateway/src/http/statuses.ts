import type { FailureCode } from '@kneepoint/failures';

/** Statuses of failures that concern a whole request; those of a single field leave it at 200. */
export const STATUSES: Partial<Record<string, number>> = {
  REQUEST_INVALID: 400,
  JSON_TOO_DEEP: 400,
  SUBSCRIPTION_NEEDS_SOCKET: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ORIGIN_FORBIDDEN: 403,
  ROUTE_UNKNOWN: 404,
  HOST_FORBIDDEN: 421,
  DATABASE_UNAVAILABLE: 503,
  QUERY_TOO_COSTLY: 400,
  ANSWER_TOO_LARGE: 400,
  RATE_EXCEEDED: 429,
  SERVER_BUSY: 503,
  OPERATION_TIMED_OUT: 503,
  IDENTITY_PROVIDER_UNAVAILABLE: 503,
} satisfies Partial<Record<FailureCode, number>>;

/** Seconds after which to try again what failed because of something that passes. */
export const RETRY_AFTER_SECONDS = 2;
