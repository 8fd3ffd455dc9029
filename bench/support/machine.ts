import { arch, cpus, totalmem } from 'node:os';

/** What a figure was measured on, in one line. */
export function machine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${cores[0]?.model.trim() ?? arch()}, ${memory} GiB, Node ${process.versions.node}`;
}
