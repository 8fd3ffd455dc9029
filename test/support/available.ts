import { findService } from '../../scripts/services/find.ts';
import { type ServiceName, type ServiceProgram, SERVICES } from '../../scripts/services/registry.ts';

/**
 * Whether the named servers are on this machine, for `describe.skipIf(!available('minio'))`. Where one is missing this
 * says NOT RUN aloud, and under CI it throws: a suite that was skipped is not a suite that passed. What is installed by its name alone,
 * because it is large, is passed over and named.
 */
export function available(...names: ServiceName[]): boolean {
  const missing = names.filter((name) => findService(name) === undefined);
  if (missing.length === 0) return true;
  const what = `tests that need ${missing.join(', ')}; run ${missing.map(howToInstall).join(', ')}`;
  if (missing.every(isByName)) {
    process.stderr.write(`passed over: ${what}\n`);
    return false;
  }
  if (process.env['CI']) throw new Error(`NOT RUN: ${what}`);
  process.stderr.write(`NOT RUN: ${what}\n`);
  return false;
}

/** Path of a server's program. Throws when this machine has none. */
export function program(name: ServiceName): string {
  const path = findService(name);
  if (path === undefined) throw new Error(`NOT RUN: ${name} is not on this machine; run ${howToInstall(name)}`);
  return path;
}

function isByName(name: ServiceName): boolean {
  return (SERVICES[name] as ServiceProgram).byName === true;
}

function howToInstall(name: ServiceName): string {
  return isByName(name) ? `\`npx tsx scripts/services.ts ${name}\`` : '`make services`';
}
