import type { Config } from '@kneepoint/platform';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../http/admission.ts';

/** Any of them was put there by a proxy. */
const OF_PROXIES = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/**
 * Whether whoever asks sits at this machine: the gateway listens on loopback, the connection comes from there, and nothing says that a proxy
 * stands between, which would ask for everybody. A `Host` proves nothing: whoever asks writes it.
 */
export function isFromHere(
  { headers, socket: { remoteAddress = '' } }: Pick<FastifyRequest, 'headers' | 'socket'>,
  { host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>,
): boolean {
  if (publicUrl !== undefined || !isLoopback(host)) return false;
  return isLoopback(remoteAddress.replace(/^::ffff:/, '')) && OF_PROXIES.every((name) => headers[name] === undefined);
}
