import { totalmem } from 'node:os';
import type { Config } from '@kneepoint/platform';
import { usableCores } from '@kneepoint/runtime';

const MB = 2 ** 20;
/** What the service itself takes of a container's memory, beside its compute processes. */
const OWN_MB = 1024;

export interface Room {
  readonly cores: number;
  /** A container's limit in bytes; a machine without containers has none. */
  readonly memory?: number;
}

/**
 * Layers that are fitted at once: one for each core, as far as a container's memory has room for what each of their processes may take; it
 * is the container that would be killed. `KNEEPOINT_CONCURRENCY` asks for more.
 */
export function layersAtOnce(
  { concurrency, memoryMb }: Pick<Config, 'concurrency' | 'memoryMb'>,
  { cores, memory }: Room = here(),
): number {
  const fitting = memory === undefined ? cores : Math.floor((memory / MB - OWN_MB) / memoryMb);
  return Math.max(concurrency, 1, Math.min(cores, fitting));
}

/** Without a limit Node tells a huge number, or 0. */
function here(): Room {
  const limit = process.constrainedMemory();
  return { cores: usableCores(), ...(limit > 0 && limit < totalmem() ? { memory: limit } : {}) };
}
