import { lookup as lookUp } from 'node:dns/promises';
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Failure } from '@kneepoint/failures';
import { type Allowed, isAddress, mayReach, NOTHING_ALLOWED } from './addresses.ts';

/** An address as a resolver tells it. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

export interface GuardedRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** What may be reached though it is not public. */
  readonly allowed?: Allowed;
  /** From the first step to the last byte. Default 10 000. */
  readonly timeoutMs?: number;
  /** Of the answer. Default 1 MiB. */
  readonly mostBytes?: number;
  /** An answer that has more is cut there, instead of being a failure. */
  readonly cut?: boolean;
  /** Default: the system's. */
  readonly resolve?: (host: string) => Promise<readonly Resolved[]>;
}

export interface GuardedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 2 ** 20;

/**
 * Sends a request to an address that a user named. Its name is resolved once and the connection made to what was found then, so that a
 * name cannot change its answer in between; where one of its addresses is not public and not allowed, nothing is sent. Redirects are not
 * followed. Throws OUTGOING_REFUSED for what may never be asked, OUTGOING_FAILED for what did not answer as it should.
 */
export async function guardedRequest(address: string, options: GuardedRequest = {}): Promise<GuardedAnswer> {
  const url = parse(address);
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  try {
    return await send(url, await target(url, options, limit), options, limit);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const late = limit.aborted ? `no answer within ${options.timeoutMs ?? TIMEOUT_MS} ms` : (error as Error).message;
    throw new Failure('OUTGOING_FAILED', late, { where: url.origin, cause: error });
  }
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) throw refused('this is no address', address.slice(0, 200));
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refused(`${url.protocol} is not sent to`, url.origin);
  // They would stand in logs, and in the answer of whoever lists addresses.
  if (url.username !== '' || url.password !== '') throw refused('a user or password stands in the address', url.origin);
  return url;
}

/** The one address that the connection is made to. */
async function target(
  url: URL,
  { allowed = NOTHING_ALLOWED, resolve = system }: GuardedRequest,
  limit: AbortSignal,
): Promise<Resolved> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isAddress(host)
    ? [{ address: host, family: host.includes(':') ? 6 : 4 }]
    : await Promise.race([resolve(host), aborted(limit)]);
  const [first] = found;
  if (first === undefined) throw new Failure('OUTGOING_FAILED', 'the name has no address', { where: url.origin });
  if (allowed.names.has(host.toLowerCase())) return first;
  const inner = found.find(({ address }) => !mayReach(address, allowed));
  // The address itself is not told: names inside of a network are not for everybody to resolve.
  if (inner) throw refused('it leads to an address that is not public', url.origin);
  return first;
}

function send(
  url: URL,
  { address, family }: Resolved,
  options: GuardedRequest,
  limit: AbortSignal,
): Promise<GuardedAnswer> {
  const { method = 'GET', headers = {}, body, mostBytes = MOST_BYTES, cut = false } = options;
  const pinned: LookupFunction = (_host, { all }, done) =>
    all ? done(null, [{ address, family }]) : done(null, address, family);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(
      url,
      // No agent: a connection that is kept belongs to the address of another time.
      { method, headers: { ...headers }, lookup: pinned, agent: false, signal: limit },
      (response) => {
        const { statusCode: status = 0 } = response;
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= mostBytes) return void chunks.push(chunk);
          if (!cut) return void response.destroy(new Error(`the answer has more than ${mostBytes} bytes`));
          chunks.push(chunk);
          answer();
          response.destroy();
        });
        const answer = (): void => {
          const all = Buffer.concat(chunks);
          resolve({ status, headers: response.headers, body: cut ? all.subarray(0, mostBytes) : all });
        };
        response.on('error', reject);
        response.on('end', answer);
        if (status >= 300 && status < 400) {
          response.destroy();
          reject(refused(`it answers ${status}, and redirects are not followed`, url.origin));
        }
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const system = (host: string): Promise<readonly Resolved[]> => lookUp(host, { all: true });

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

function refused(problem: string, where: string): Failure {
  return new Failure('OUTGOING_REFUSED', `no request is sent there: ${problem}`, {
    where,
    fix: 'name a public https or http address; for one of your own network the operator sets KNEEPOINT_OUTGOING_ALLOW',
  });
}

/** Why no request would be sent to an address, as far as the address itself tells; null where nothing speaks against it. */
export function mayAsk(address: string, allowed: Allowed = NOTHING_ALLOWED): string | null {
  try {
    const host = parse(address).hostname.replace(/^\[|\]$/g, '');
    const isInner = isAddress(host) && !mayReach(host, allowed);
    return isInner ? 'it leads to an address that is not public' : null;
  } catch (error) {
    return (error as Failure).message;
  }
}
