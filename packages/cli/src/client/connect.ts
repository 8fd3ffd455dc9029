import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type KneepointClient } from '@kneepoint/client/node';
import type { Interrupt } from '../interrupt.ts';
import { type Access, findAccess } from './access.ts';
import { readLocalToken } from './local-token.ts';

export interface ConnectionOptions {
  /** Address of a gateway; found by itself when absent. */
  readonly url?: string;
  /** Name of a login that was kept. */
  readonly profile?: string;
  readonly dataDir?: string;
  readonly provider?: string;
  readonly memoryMb?: string;
}

export interface Connection {
  readonly client: KneepointClient;
  /** Whether the server sees this machine's files, so that paths can be named instead of uploaded. */
  readonly local: boolean;
  close(): Promise<void>;
}

/** Milliseconds that a client of somebody else's server may take to end after SIGTERM: enough to say that it ends. */
const GOODBYE_MS = 1_000;

/**
 * The gateway that a command talks to: the one named, else the one that serves the data folder, else every service in this
 * process until the command ends. Throws GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID.
 */
export async function connect(options: ConnectionOptions, interrupt?: Pick<Interrupt, 'limit'>): Promise<Connection> {
  const named = await findAccess(options);
  if (named !== undefined) {
    interrupt?.limit(GOODBYE_MS);
    const client = createClient(named);
    await client.check();
    return { client, local: false, close: () => Promise.resolve() };
  }
  // Loaded only where a server may start: a client of a distant gateway needs none of it.
  const { createLogger, readConfig } = await import('@kneepoint/platform');
  const config = readConfig(toEnvironment(options));
  const running = await findRunning(config.dataDir);
  if (running) {
    interrupt?.limit(GOODBYE_MS);
    return { client: createClient(running), local: true, close: () => Promise.resolve() };
  }
  const { startEmbedded } = await import('../embedded.ts');
  const embedded = await startEmbedded(
    // It is this command's alone.
    { ...config, host: '127.0.0.1', port: 0, healthPort: 0 },
    createLogger({ service: 'kneepoint', level: process.env.LOG_LEVEL ? config.logLevel : 'silent' }),
  );
  return { client: createClient(embedded), local: true, close: () => embedded.close() };
}

/** The environment with the command's flags on top, so that flags and variables mean the same. */
export function toEnvironment(
  options: Omit<ConnectionOptions, 'url' | 'profile'> & { readonly port?: string },
): NodeJS.ProcessEnv {
  const flags = {
    KNEEPOINT_DATA_DIR: options.dataDir,
    KNEEPOINT_PROVIDER: options.provider,
    KNEEPOINT_MEMORY_MB: options.memoryMb,
    PORT: options.port,
  };
  return { ...process.env, ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) };
}

/** The server of a data folder, with the token that it left there for those who may read the folder. */
async function findRunning(dataDir: string): Promise<Access | null> {
  try {
    const token = await readLocalToken(dataDir);
    const { url } = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { url: string };
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) });
    return response.ok ? { url, ...(token === undefined ? {} : { token }) } : null;
  } catch {
    return null;
  }
}
