import { Failure } from '@kneepoint/failures';
import type { Bus } from './bus.ts';
import { MemoryBus } from './memoryBus.ts';
import type { BusSettings } from './settings.ts';

export type BusOptions = Partial<BusSettings>;

/**
 * Opens the bus that a URL names: `memory:` in this process.
 * Throws CONFIG_INVALID.
 */
export function openBus(url: string, options: BusOptions = {}): Promise<Bus> {
  if (url === 'memory:') return Promise.resolve(new MemoryBus(options));
  return Promise.reject(
    new Failure('CONFIG_INVALID', 'BUS_URL names no known bus', { where: 'BUS_URL', fix: 'use memory: or nats://' }),
  );
}
