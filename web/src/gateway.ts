import { createClient, type KneepointClient } from '@kneepoint/client';

const TOKEN = 'kneepoint-token';
const PROJECT = 'kneepoint-project';

/** The gateway that this page came from: below whatever path a proxy put before it. */
export const GATEWAY_URL = new URL('.', window.location.href.replace(/[?#].*$/, '')).href.replace(/\/$/, '');

/** Where nobody gave a token, the cookie of a gateway on this machine says who asks. */
export function openGateway(): KneepointClient {
  return createClient({
    url: GATEWAY_URL,
    token: sessionStorage.getItem(TOKEN) ?? undefined,
    project: sessionStorage.getItem(PROJECT) ?? undefined,
    fetch: (input, init) => fetch(typeof input === 'string' ? byOneName(input) : input, init),
  });
}

/** A part of a file, from where the gateway said that it is. */
export function fromStore(address: string, init: RequestInit): Promise<Response> {
  return fetch(byOneName(address), init);
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** A gateway on this machine calls itself 127.0.0.1 where the page may have been opened as localhost: to a browser these are two. */
function byOneName(address: string): string {
  const url = new URL(address, GATEWAY_URL);
  const { hostname, port, host } = window.location;
  const isSame = LOOPBACK.includes(hostname) && LOOPBACK.includes(url.hostname) && url.port === port;
  if (isSame) url.host = host;
  return url.href;
}

/** Kept as long as the tab is open, and nowhere else. */
export function keepAccess({ token, project }: { readonly token: string; readonly project: string }): void {
  for (const [key, value] of [
    [TOKEN, token],
    [PROJECT, project],
  ] as const) {
    if (value === '') sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  }
}
