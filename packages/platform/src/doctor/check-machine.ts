import { mkdir, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { Config } from '../config/read-config.ts';
import { type Check, ok } from './finding.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
/** A training of a large network leaves checkpoints of gigabytes. */
const DISK_WRONG = GB;
const DISK_WARNING = 5 * GB;
const LEAST_NODE: readonly [number, number] = [20, 19];

export function checkNode(version = process.versions.node): ReturnType<Check> {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [needed, atLeast] = LEAST_NODE;
  if (major > needed || (major === needed && minor >= atLeast)) return Promise.resolve(ok(version));
  const fix = `install Node ${LEAST_NODE.join('.')} or newer`;
  return Promise.resolve({ state: 'wrong', detail: version, fix });
}

/** What child processes may use beside what the machine, or the container's limit, has. */
export function checkMemory(
  { memoryMb, concurrency }: Pick<Config, 'memoryMb' | 'concurrency'>,
  machine = { total: limitedMemory(), free: freemem() },
): ReturnType<Check> {
  const wanted = memoryMb * concurrency * MB;
  const detail = `${gigabytes(machine.total)} in all, ${gigabytes(machine.free)} free; child processes may use ${gigabytes(wanted)}`;
  if (wanted <= machine.total) return Promise.resolve(ok(detail));
  const fix = 'lower KNEEPOINT_MEMORY_MB or KNEEPOINT_CONCURRENCY, or give the machine or container more memory';
  return Promise.resolve({ state: 'warning', detail, fix });
}

/** The smaller of the machine's memory and the limit of its control group; without a limit Node tells a huge number, or 0. */
function limitedMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

export async function checkDisk({ dataDir }: Pick<Config, 'dataDir'>): ReturnType<Check> {
  await mkdir(dataDir, { recursive: true });
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const detail = `${gigabytes(free)} free in ${dataDir}`;
  if (free >= DISK_WARNING) return ok(detail);
  const fix = 'free space, run `kneepoint gc`, or let KNEEPOINT_DATA_DIR name another volume';
  return { state: free < DISK_WRONG ? 'wrong' : 'warning', detail, fix };
}

function gigabytes(bytes: number): string {
  return `${(bytes / GB).toFixed(1)} GB`;
}
