// A process that sends webhooks, for events.contract.test.ts, which kills it: `node --import tsx crash.fixture.ts DATABASE_URL SECRETS_KEY`.
import { openDatabase } from '../database/open-database.ts';
import { parseAllowed } from '../outgoing/addresses.ts';
import { startDeliveries } from './start-deliveries.ts';

const [databaseUrl, key] = process.argv.slice(2) as [string, string];
startDeliveries(await openDatabase(databaseUrl), {
  compose: ({ type, runId }) => Promise.resolve({ type, run: runId }),
  ...{ allowed: parseAllowed('127.0.0.0/8')!, secretsKeys: [key], retryMs: 60_000, everyMs: 20, leaseSeconds: 1 },
});
setInterval(() => undefined, 1_000);
