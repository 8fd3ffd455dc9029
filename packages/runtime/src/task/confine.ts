import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

export interface Confined {
  /** What is started in the place of Node, and what it is given before Node's own path and arguments. */
  readonly execPath: string;
  readonly prefix: readonly string[];
}

/** Megabytes of private memory that Node and a session take beside what they fill, and for the stacks of a core's threads. */
const OVERHEAD_MB = 2048;
const STACKS_MB = 32;

/**
 * How a process that opens models from strangers is started: by the kernel it is kept from the network, from leaving a core file, and
 * from private memory of more than twice its cap; what is below that the watch over its resident memory sees (see memory.ts). A card's
 * driver maps memory of its own, so there the watch is alone. Linux only, and each part where the system allows it: see `isolatesNetwork`.
 */
export function confined(memoryMb: number, ownMemory: boolean): Confined | undefined {
  if (process.platform !== 'linux') return undefined;
  const kilobytes = (2 * memoryMb + OVERHEAD_MB + STACKS_MB * cpus().length) * 1024;
  // Where a lower limit stands already, raising it is refused, and that one holds.
  const limits = ['ulimit -c 0', ...(ownMemory ? [`ulimit -d ${kilobytes}`] : [])].map(
    (limit) => `${limit} 2>/dev/null`,
  );
  return { execPath: '/bin/sh', prefix: ['-c', `${limits.join('; ')}; exec "$@"`, 'sh', ...apart(), process.execPath] };
}

/** Whether processes of tasks are kept from the network by the kernel: where it lets anybody, or this user, make namespaces. */
export function isolatesNetwork(): boolean {
  return apart().length > 0;
}

/** Without a user namespace only root may leave the network; with one, whoever the system lets make them. */
const WAYS: readonly (readonly string[])[] = [
  ['unshare', '--user', '--map-current-user', '--net', '--'],
  ['unshare', '--net', '--'],
];

let found: readonly string[] | undefined;

/** The command that starts another one in a network namespace with nothing in it; empty where there is no way. */
function apart(): readonly string[] {
  found ??=
    process.platform === 'linux'
      ? (WAYS.find(
          ([command = '', ...options]) => spawnSync(command, [...options, 'true'], { timeout: 5000 }).status === 0,
        ) ?? [])
      : [];
  return found;
}
