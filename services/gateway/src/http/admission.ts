import type { IncomingHttpHeaders } from 'node:http';
import { Failure } from '@kneepoint/failures';
import type { Config } from '@kneepoint/platform';

type Settings = Pick<Config, 'host' | 'publicUrl' | 'origins'>;

/** Names of this machine that no name server can give to anybody else. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a gateway that listens on this address can be reached from its own machine alone. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === '::1';
}

/**
 * Decides which web pages and under which names a gateway may be asked; anything but a browser passes. Browsers let every page send
 * requests to every server, sockets even with full access to the answers, and name the page in `Origin`: it must be a page of the gateway
 * itself, of its public address or of a configured origin. `Sec-Fetch-Site` is the second witness, for requests without an `Origin`.
 * On loopback, the name that was asked must be one of this machine's: a page whose own name was pointed here afterwards (DNS rebinding)
 * would else be of the same origin. The result throws ORIGIN_FORBIDDEN, HOST_FORBIDDEN.
 */
export function createAdmission({ host: bound, publicUrl, origins }: Settings): (headers: IncomingHttpHeaders) => void {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl);
  const known = new Set([...origins, ...(own === undefined ? [] : [own.origin])]);
  const isBoundToLoopback = isLoopback(bound);
  return (headers) => {
    if (isBoundToLoopback && !isOwnName(hostOf(headers.host), own)) {
      throw new Failure('HOST_FORBIDDEN', 'this gateway is not known by the name that was asked for', {
        where: 'Host',
        fix: 'Ask for localhost or 127.0.0.1, or let KNEEPOINT_PUBLIC_URL name the address that users see.',
      });
    }
    const { origin } = headers;
    if (origin === undefined ? isForeignFetch(headers) : !known.has(origin) && !isSameHost(origin, headers.host)) {
      throw new Failure('ORIGIN_FORBIDDEN', 'a page of another origin may not ask this gateway', {
        where: 'Origin',
        fix: 'If the page is yours, name its origin in KNEEPOINT_ORIGINS.',
      });
    }
  };
}

/** A page that a person follows a link to is fetched by a navigation, which shows nothing to the page that it left. */
function isForeignFetch(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}

/** The scheme is left out: behind a proxy that ends TLS the gateway does not know its own. */
function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !/^https?:/.test(origin) || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const asked = `${page.protocol}//${host}`;
  return URL.canParse(asked) && new URL(asked).host === page.host;
}

function isOwnName(asked: URL | undefined, own: URL | undefined): boolean {
  return asked !== undefined && (LOOPBACK.test(asked.hostname) || asked.host === own?.host);
}

function hostOf(header: string | undefined): URL | undefined {
  const text = `http://${header ?? ''}`;
  return /^http:\/\/[\w.:[\]-]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}
