import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Whether a process is there; a zombie counts. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process still does anything. An orphan's zombie is its new parent's to reap, and in a container nobody may. */
export function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') return isThere(pid);
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until a process does nothing any more; false when it outlives the wait. */
export async function gone(pid: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (isRunning(pid)) {
    if (performance.now() > end) return false;
    await wait(50);
  }
  return true;
}
