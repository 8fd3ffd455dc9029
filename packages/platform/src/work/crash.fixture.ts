// A worker process for crash.test.ts, which kills it: `node --import tsx crash.fixture.ts DATABASE_URL BUS_URL STORE_URL SERVICE`.
// Says `started STEP` when its handler has begun, and never ends by itself.
import { openBus } from '../bus/open-bus.ts';
import { openDatabase } from '../database/open-database.ts';
import { createLogger } from '../log/create-logger.ts';
import { openStore } from '../store/open-store.ts';
import { startReconciler } from './start-reconciler.ts';
import { startWorker } from './start-worker.ts';

const [databaseUrl, busUrl, storeUrl, service] = process.argv.slice(2) as [string, string, string, string];
const log = createLogger({ service, level: 'error' });
const db = await openDatabase(databaseUrl);
const bus = await openBus(busUrl);
const store = await openStore(storeUrl, { cacheDir: `${storeUrl.slice('file://'.length)}/cache` });
startReconciler(db, bus, { log });
await startWorker({
  ...{ db, bus, store, log, service, leaseSeconds: db.exclusive ? 3_600 : 1 },
  handlers: {
    work: async ({ step }) => {
      process.stdout.write(`started ${step.id}\n`);
      await new Promise<never>(() => undefined);
      return { output: {} };
    },
  },
});
