import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path/posix';

type Read = (path: string) => string | undefined;

const read: Read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const ROOT = '/sys/fs/cgroup';

/**
 * Cores that this process may keep busy: those that it may run on, and no more than the quota of its control groups, which Node and
 * ONNX Runtime don't look at: in a container of two cores on a node of sixty-four they would start sixty-four threads.
 */
export function usableCores(files: Read = read, cores = availableParallelism()): number {
  return Math.max(1, Math.min(cores, Math.ceil(quota(files))));
}

/** The least quota, in cores, of this process's control groups of version 2, each within its parent, and of version 1. */
function quota(files: Read): number {
  const group = /^0::(\/.*)$/m.exec(files('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const limits: number[] = [];
  for (let path = group; ; path = dirname(path)) {
    const [most, period] = (files(join(ROOT, path, 'cpu.max')) ?? '').trim().split(' ').map(Number);
    limits.push(share(most, period));
    if (path === '/') break;
  }
  const old = (name: string): number => Number(files(join(ROOT, 'cpu', `cpu.cfs_${name}_us`)) ?? NaN);
  return Math.min(...limits, share(old('quota'), old('period')));
}

/** Without a limit the files say "max" or -1, or are not there. */
function share(most = NaN, period = NaN): number {
  return most > 0 && period > 0 ? most / period : Infinity;
}
