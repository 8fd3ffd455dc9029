import { createHmac, timingSafeEqual } from 'node:crypto';
import { Failure } from '@kneepoint/failures';

export interface SignedRequest {
  readonly method: 'GET' | 'PUT';
  /** `/artifacts/<sha256>` or `/uploads/<id>`. */
  readonly path: string;
  /** What the signature covers besides method, path and expiry: the file name, the announced size. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly expires: number;
}

/** `path?…&expires=…&signature=…`: the signature is HMAC-SHA256 over everything else. */
export function signPath(request: SignedRequest, key: string): string {
  const query = new URLSearchParams({ ...request.parameters, expires: String(request.expires) });
  query.set('signature', signature(request.method, request.path, query, key));
  return `${request.path}?${query.toString()}`;
}

/**
 * Checks an address made by `signPath` and gives back its parameters.
 * `pathAndQuery` is what the HTTP server received, beginning with `/`. `now` is in milliseconds.
 * Throws URL_SIGNATURE_INVALID, URL_EXPIRED.
 */
export function verifySignature(
  method: string,
  pathAndQuery: string,
  key: string,
  now = Date.now(),
): { readonly path: string; readonly parameters: Readonly<Record<string, string>> } {
  const url = new URL(pathAndQuery, 'http://host.invalid');
  const query = url.searchParams;
  const given = Buffer.from(query.get('signature') ?? '', 'hex');
  query.delete('signature');
  const expected = Buffer.from(signature(method, url.pathname, query, key), 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Failure('URL_SIGNATURE_INVALID', 'The signature does not match this address', {
      where: url.pathname,
      fix: 'ask for a new address and use it unchanged',
    });
  }
  const expires = Number(query.get('expires'));
  if (!(expires * 1000 > now)) {
    const ended = new Date(expires * 1000).toISOString();
    throw new Failure('URL_EXPIRED', `The address was valid until ${ended}`, {
      where: url.pathname,
      fix: 'ask for a new address',
    });
  }
  query.delete('expires');
  return { path: url.pathname, parameters: Object.fromEntries(query) };
}

function signature(method: string, path: string, query: URLSearchParams, key: string): string {
  const sorted = new URLSearchParams(query);
  sorted.sort();
  return createHmac('sha256', key).update(`${method}\n${path}\n${sorted.toString()}`).digest('hex');
}
