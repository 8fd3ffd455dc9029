import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../http/admission.ts';

/** What a request says of who asks, and in which project; not yet believed. */
export interface Credentials {
  /** The bearer token. */
  readonly token: string | undefined;
  /** Name of a project, for those who may work in several. */
  readonly project: string | undefined;
}

const BEARER = /^Bearer +([\x21-\x7e]{1,8192})$/i;
export const PROJECT_HEADER = 'x-kneepoint-project';

/** Reads `Authorization: Bearer`, else the cookie of the page. */
export function readCredentials(headers: IncomingHttpHeaders): Credentials {
  return {
    token: headers.authorization === undefined ? cookieOf(headers) : bearer(headers.authorization),
    project: text(headers[PROJECT_HEADER]),
  };
}

/** The same from `connection_init`, since a browser cannot set headers on a socket; else from the upgrade's own headers. */
export function readSocketCredentials(parameters: unknown, headers: IncomingHttpHeaders): Credentials {
  const given = Object.fromEntries(
    Object.entries<unknown>((parameters ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  const own = readCredentials(headers);
  return {
    token: given['authorization'] === undefined ? own.token : bearer(text(given['authorization']) ?? ''),
    project: text(given[PROJECT_HEADER]) ?? own.project,
  };
}

/**
 * The cookie that gives the page of an embedded server its token; undefined where the page is not asked for by a name of this machine.
 * Servers of one machine share cookies, so the name has the port.
 */
export function pageCookie(token: string, { host = '' }: IncomingHttpHeaders): string | undefined {
  const name = cookieName(host);
  return name === undefined ? undefined : `${name}=${token}; Path=/; HttpOnly; SameSite=Strict`;
}

function cookieOf({ cookie = '', host = '' }: IncomingHttpHeaders): string | undefined {
  const name = cookieName(host);
  if (name === undefined) return undefined;
  const pair = cookie.split('; ').find((one) => one.startsWith(`${name}=`));
  return pair?.slice(name.length + 1);
}

function cookieName(host: string): string | undefined {
  const [, hostname = '', port = '80'] = /^(.+?)(?::(\d+))?$/.exec(host) ?? [];
  return isLoopback(hostname) ? `kneepoint_${port}` : undefined;
}

function bearer(header: string): string | undefined {
  return BEARER.exec(header.trim())?.[1];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
