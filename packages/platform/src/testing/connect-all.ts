/** Opens everything that the environment leads to, encrypted, and prints a line of JSON: what became of each connection. */
import { Failure } from '@kneepoint/failures';
import { inSpan, openBus, openDatabase, openStore, readConfig, startTracing } from '../index.ts';

const config = readConfig(process.env);

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'open';
  } catch (error) {
    const { code, fix = '' } = Failure.from(error);
    return `${code}: ${fix}`;
  }
}

const results = {
  database: await outcome(async () => {
    const database = await openDatabase(config.databaseUrl);
    await database.health();
    await database.close();
  }),
  store: await outcome(() => openStore(config.artifactsUrl, config.store)),
  bus: await outcome(async () => {
    const bus = await openBus(config.busUrl, { ...config.bus, connectTimeoutMs: 5000 });
    await bus.health();
    await bus.close();
  }),
  // As keys of an identity provider are fetched.
  fetch: await fetch(config.tracesEndpoint!).then(
    () => 'open',
    (error: unknown) => String((error as { readonly cause?: Error }).cause?.message),
  ),
};
const stopTracing = await startTracing('test', config.tracesEndpoint);
await inSpan('a span', {}, () => Promise.resolve());
await stopTracing();
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit());
