import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));

/** Processor time so far of a process, in milliseconds: other work on the machine hardly moves it. */
export function processorMs(pid: number): number {
  return msOf(statOf(String(pid)));
}

/** The same of all children of a process, living and ended, such as PostgreSQL's connections. */
export function childrenMs(pid: number): number {
  const ended = ((Number(statOf(String(pid))[13]) + Number(statOf(String(pid))[14])) * 1000) / TICKS;
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((fields) => fields[1] === String(pid))
    .reduce((sum, fields) => sum + msOf(fields), 0);
  return ended + living;
}

/** Resident memory in KiB. */
export function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function msOf(fields: readonly string[]): number {
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

/** Fields of /proc/PID/stat from the state on; none when the process is gone. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  } catch {
    return [];
  }
}
