import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startExtractor } from '@kneepoint/extractor-service';
import { startGateway } from '@kneepoint/gateway-service';
import {
  type Config,
  createLogger,
  type Logger,
  makeToken,
  openBus,
  openDatabase,
  openStore,
} from '@kneepoint/platform';
import { startPruner } from '@kneepoint/pruner-service';
import { startRegressor } from '@kneepoint/regressor-service';
import { startTrainer } from '@kneepoint/trainer-service';
import { leaveLocalToken } from './client/local-token.ts';

export interface Embedded {
  /** Where the gateway answers: http://host:port */
  readonly url: string;
  /** Lets in who sits at this machine, for as long as this runs. */
  readonly token: string;
  /** Hands running steps back, lets go of everything. */
  close(): Promise<void>;
}

/** How long a stopping worker may take to hand its step back. */
const GRACE_MS = 5000;

/**
 * Every service in this process, on whatever database, bus and store the configuration names. `publicUrl`: the gateway as its users
 * reach it, where that is by another address than its own; links to artifacts begin so.
 */
export async function startEmbedded(
  config: Config,
  log: Logger = createLogger({ service: 'kneepoint', level: config.logLevel }),
  publicUrl?: string,
): Promise<Embedded> {
  await mkdir(config.dataDir, { recursive: true });
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    // In reverse: whoever uses a thing closes before it does.
    while (closers.length > 0) await closers.pop()!();
  };
  try {
    const db = await openDatabase(config.databaseUrl);
    closers.push(() => db.close());
    let url = '';
    const store = await openStore(config.artifactsUrl, { ...config.store, baseUrl: () => publicUrl ?? url });
    const bus = await openBus(config.busUrl, config.bus);
    closers.push(() => bus.close());
    const { text: token } = makeToken();
    const gateway = await startGateway({ db, bus, store, log, config, allowLocalPaths: true, localToken: token });
    url = gateway.url;
    await db.announce(url);
    closers.push(() => gateway.close());
    const parts = { db, bus, store, log, config };
    for (const start of [startExtractor, startRegressor, startPruner, startTrainer]) {
      const worker = await start(parts);
      closers.push(() => worker.stop({ graceMs: GRACE_MS }));
    }
    closers.push(await leaveLocalToken(config.dataDir, token));
    closers.push(await announce(config.dataDir, url));
    return { url, token, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Leaves the address beside the data, so that commands on this machine find the server. */
async function announce(dataDir: string, url: string): Promise<() => Promise<void>> {
  const path = join(dataDir, 'server.json');
  await writeFile(`${path}.tmp`, JSON.stringify({ url, pid: process.pid }));
  await rename(`${path}.tmp`, path);
  return () => rm(path, { force: true });
}
