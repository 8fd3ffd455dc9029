import type { Config } from '../config/read-config.ts';
import { checkBus } from './check-bus.ts';
import { databaseChecks } from './check-database.ts';
import { checkDisk, checkMemory, checkNode } from './check-machine.ts';
import { storeChecks } from './check-store.ts';
import { type Check, examine, type Finding } from './finding.ts';

/** Looks at everything that Kneepoint needs here, all at once; `more` adds what the platform knows nothing of. Never throws. */
export function diagnose(config: Config, more: Readonly<Record<string, Check>> = {}): Promise<readonly Finding[]> {
  const checks: Readonly<Record<string, Check>> = {
    node: () => checkNode(),
    ...databaseChecks(config.databaseUrl),
    bus: () => checkBus(config),
    ...storeChecks(config),
    ...more,
    memory: () => checkMemory(config),
    disk: () => checkDisk(config),
  };
  return Promise.all(Object.entries(checks).map(([name, check]) => examine(name, check)));
}
