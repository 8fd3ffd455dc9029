import { readdirSync, readFileSync } from 'node:fs';

/** The processes in which a service computes, of those that run now: its children that run Kneepoint's main module of tasks. */
export function taskProcessesOf(service: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === service && commandOf(pid).includes('child-main'));
}

/** One that has ended and that nobody has asked about yet counts as gone. */
export function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(fileOf(pid, 'status'));
}

function parentOf(pid: number): number | undefined {
  const parent = /^PPid:\s+(\d+)$/m.exec(fileOf(pid, 'status'))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Until a fork has become its own program, its parent's: one that is stopped before would stop its parent, too. */
function commandOf(pid: number): string {
  return fileOf(pid, 'cmdline');
}

function fileOf(pid: number, name: 'status' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
