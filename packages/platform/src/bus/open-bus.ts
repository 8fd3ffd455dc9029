import { Failure } from '@kneepoint/failures';
import type { Bus } from './bus.ts';
import { MemoryBus } from './memory-bus.ts';
import { NatsBus, type NatsBusOptions } from './nats-bus.ts';

export type BusOptions = NatsBusOptions;

/**
 * Opens the bus that a URL names: `memory:` in this process, or `nats://` / `tls://`
 * `[user:password@]host:port[,…][?namespace=NAME&replicas=N]`. Throws CONFIG_INVALID, BUS_UNAVAILABLE, BUS_MISCONFIGURED.
 */
export async function openBus(url: string, options: BusOptions = {}): Promise<Bus> {
  if (url === 'memory:') return new MemoryBus(options);
  const { servers, ...settings } = parseBusUrl(url);
  return NatsBus.open(servers, { ...options, ...settings });
}

/** The parts of a NATS address. Throws CONFIG_INVALID. */
export function parseBusUrl(url: string): { servers: string; namespace?: string; replicas?: number } {
  const [servers = '', query] = url.split('?');
  const valid = servers.split(',').every((part) => URL.canParse(part) && /^(nats|tls):/.test(part));
  if (!valid) {
    throw new Failure('CONFIG_INVALID', 'BUS_URL names no bus that Kneepoint knows', {
      where: 'BUS_URL',
      fix: 'use memory: or nats://host:4222',
    });
  }
  const settings = new URLSearchParams(query);
  const namespace = settings.get('namespace');
  const replicas = settings.get('replicas');
  return {
    servers,
    ...(namespace === null ? {} : { namespace }),
    ...(replicas === null ? {} : { replicas: Number(replicas) }),
  };
}
