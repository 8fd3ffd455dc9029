import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The header by which a request is told apart from others, in both directions. */
export const REQUEST_ID_HEADER = 'x-request-id';

/** What is told further, into logs and answers, is bounded in length and characters. */
const ACCEPTED = /^[A-Za-z0-9._:+=/-]{1,128}$/;

/** The caller's own id of its request where it gave one that can be taken as it is, else a fresh one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}
