import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Reading /proc costs nothing, and a process can fill a gigabyte in a quarter of a second; `ps` is a process of its own. */
const INTERVAL_MS = process.platform === 'linux' ? 50 : 200;

/**
 * Calls `onOver` once, with the bytes found, when a process holds more resident memory than `limit` bytes. Asks the system rather
 * than the process, which cannot answer while ONNX Runtime blocks its event loop. Returns the function that ends the watch.
 */
export function watchMemory(pid: number, limit: number, onOver: (bytes: number) => void): () => void {
  let timer: NodeJS.Timeout;
  let ended = false;
  const look = async (): Promise<void> => {
    const bytes = await residentBytes(pid);
    if (ended) return;
    if (bytes !== undefined && bytes > limit) onOver(bytes);
    else timer = setTimeout(() => void look(), INTERVAL_MS);
  };
  timer = setTimeout(() => void look(), INTERVAL_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** Resident memory of a process in bytes; undefined when it is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  return process.platform === 'linux' ? residentFromProc(pid) : residentFromPs(pid);
}

/** Reads /proc; VmRSS is in kB whatever the page size. */
export async function residentFromProc(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Asks `ps`, for systems without /proc. */
export async function residentFromPs(pid: number): Promise<number | undefined> {
  const found = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  const kilobytes = Number.parseInt(found.stdout, 10);
  return Number.isFinite(kilobytes) ? kilobytes * 1024 : undefined;
}
