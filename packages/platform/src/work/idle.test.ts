import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { MemoryBus } from '../bus/memory-bus.ts';
import { openDatabase } from '../database/open-database.ts';
import { startDeliveries } from '../events/start-deliveries.ts';
import { parseAllowed } from '../outgoing/addresses.ts';
import { plan } from './contract/world.ts';
import { launchRun } from './launch-run.ts';
import { startDispatcher } from './start-dispatcher.ts';
import { startReconciler } from './start-reconciler.ts';

const OFTEN = { everyMs: 10 };
/** Passes of whoever looks at all times: that it looked so often says that the others could have. */
const PASSES = 10;

it('a database of one process is left alone while nothing happens, and what is written then is published at once', async () => {
  const db = await openDatabase('pglite://:memory:');
  const statements: string[] = [];
  db.prisma.$on('query', ({ query }) => void statements.push(query));
  const bus = new MemoryBus();
  const published: string[] = [];
  await bus.consume('later', ({ id }) => Promise.resolve(void published.push(id)), { concurrency: 1 });
  const compose = () => Promise.resolve({});
  const background = [
    startDispatcher(db, bus, OFTEN),
    startDeliveries(db, { ...OFTEN, compose, allowed: parseAllowed('')!, secretsKeys: [], retryMs: 60_000 }),
    startReconciler(db, bus, OFTEN),
  ];
  const count = (table: RegExp) => statements.filter((statement) => table.test(statement)).length;
  const settled = async () => {
    const before = count(/FROM run/);
    while (count(/FROM run/) < before + PASSES) await sleep(5);
  };
  try {
    await settled();
    statements.length = 0;
    await settled();
    expect(count(/outbox|delivery/)).toBe(0);
    // Of the reconciler one for each pass, and the one that it may be in.
    expect(statements.length).toBeLessThanOrEqual(count(/FROM run/) + 1);

    const steps = [plan('later')];
    await launchRun(db, { kind: 'TEST', input: {}, steps });
    // Without a wake it would be looked for after half a minute.
    for (let waited = 0; published.length === 0 && waited < 15_000; waited += 10) await sleep(10);
    expect(published).toHaveLength(1);
  } finally {
    await Promise.all(background.map((one) => one.stop()));
    await bus.close();
    await db.close();
  }
});
