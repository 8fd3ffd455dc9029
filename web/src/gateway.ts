import { KneepointClient } from '@kneepoint/client';
import { keptAccess } from './identity/access.ts';

/** The gateway that this page came from: below whatever path a proxy put before it. */
export const GATEWAY_URL = new URL('.', window.location.href.replace(/[?#].*$/, '')).href.replace(/\/$/, '');

const ENDPOINT = `${GATEWAY_URL}/graphql`;

/** Asks as whoever is signed in at the moment: the token of an issuer ends, and is renewed, while the page is open. */
class PageClient extends KneepointClient {
  override get headers(): Readonly<Record<string, string>> {
    const access = keptAccess();
    return {
      ...(access === null ? {} : { authorization: `Bearer ${access.token}` }),
      ...(access === null || access.project === '' ? {} : { 'x-kneepoint-project': access.project }),
    };
  }
}

/** Where nobody gave a token, the cookie of a gateway on this machine says who asks. */
export function openGateway(): KneepointClient {
  return new PageClient({
    url: GATEWAY_URL,
    fetch: (input, init) => fetchRenewed(typeof input === 'string' ? byOneName(input) : input, init),
  });
}

/** Whether the gateway knows who has a token; what it says against what they may do is said where they do it. */
export async function takes(token: string): Promise<boolean> {
  const { status } = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { name } }' }),
  });
  return status !== 401;
}

/** A part of a file, from where the gateway said that it is. */
export function fromStore(address: string, init: RequestInit): Promise<Response> {
  return fetch(byOneName(address), init);
}

/** Asks the gateway once more, with another token, where the issuer's has ended. What goes to the store has no token. */
async function fetchRenewed(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const access = keptAccess();
  const response = await fetch(input, init);
  if (response.status !== 401 || access?.by !== 'issuer' || input !== ENDPOINT) return response;
  const token = await tokenAfter(access.token);
  if (token === null) return response;
  const headers = new Headers(init?.headers);
  headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
}

/** The token that takes the place of one that has ended: all who find that out at a time wait for the same one. */
function tokenAfter(ended: string): Promise<string | null> {
  const now = keptAccess();
  if (now !== null && now.token !== ended) return Promise.resolve(now.token);
  renewal ??= import('./identity/oidc.ts')
    .then(({ renew }) => renew(GATEWAY_URL, takes))
    .catch(() => null)
    .finally(() => (renewal = undefined));
  return renewal;
}

let renewal: Promise<string | null> | undefined;

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** A gateway on this machine calls itself 127.0.0.1 where the page may have been opened as localhost: to a browser these are two. */
function byOneName(address: string): string {
  const url = new URL(address, GATEWAY_URL);
  const { hostname, port, host } = window.location;
  const isSame = LOOPBACK.includes(hostname) && LOOPBACK.includes(url.hostname) && url.port === port;
  if (isSame) url.host = host;
  return url.href;
}
