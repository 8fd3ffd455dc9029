import { findService } from '../../scripts/services/find.ts';
import type { ServiceName } from '../../scripts/services/registry.ts';

/**
 * Whether the named servers are on this machine, for `describe.skipIf(!available('minio'))`. Where one is missing this
 * says NOT RUN aloud, and under CI it throws: a suite that was skipped is not a suite that passed.
 */
export function available(...names: ServiceName[]): boolean {
  const missing = names.filter((name) => findService(name) === undefined);
  if (missing.length === 0) return true;
  const message = `NOT RUN: tests that need ${missing.join(', ')}; run \`make services\``;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`${message}\n`);
  return false;
}

/** Path of a server's program. Throws when this machine has none. */
export function program(name: ServiceName): string {
  const path = findService(name);
  if (path === undefined) throw new Error(`NOT RUN: ${name} is not on this machine; run \`make services\``);
  return path;
}
