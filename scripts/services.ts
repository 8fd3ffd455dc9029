/**
 * Finds or installs the servers that the production mode is tested against, and the tools that check how it is deployed.
 * `npx tsx scripts/services.ts [NAME…]`; without names, all of scripts/services/registry.ts but
 * the largest. Exits 1 under CI when one is missing.
 */
import { ensureService } from './services/install.ts';
import { type ServiceName, type ServiceProgram, SERVICES } from './services/registry.ts';

const all = Object.keys(SERVICES) as ServiceName[];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !all.some((known) => known === name));
if (unknown.length > 0) {
  console.error(`unknown service ${unknown.join(', ')}; known: ${all.join(', ')}`);
  process.exit(2);
}

let missing = 0;
const isWanted = (name: ServiceName): boolean =>
  asked.length === 0 ? (SERVICES[name] as ServiceProgram).byName !== true : asked.includes(name);
for (const name of all.filter(isWanted)) {
  const { path, tried } = ensureService(name);
  if (path !== undefined) {
    console.log(`${name}: ${path}`);
    continue;
  }
  missing += 1;
  console.error(`NOT RUN: tests that need ${name}: it is not on this machine and could not be installed`);
  for (const line of tried) console.error(`  ${line}`);
}
if (missing > 0 && process.env['CI']) process.exit(1);
