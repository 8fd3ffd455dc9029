import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayClient } from './gateway-client.ts';

export interface ConnectionOptions {
  /** Address of a gateway; found by itself when absent. */
  readonly url?: string;
  readonly dataDir?: string;
  readonly provider?: string;
  readonly memoryMb?: string;
}

export interface Connection {
  readonly client: GatewayClient;
  /** Whether the server sees this machine's files, so that paths can be named instead of uploaded. */
  readonly local: boolean;
  close(): Promise<void>;
}

/**
 * The gateway that a command talks to: the one named, else the one that serves the data folder, else every service in this
 * process until the command ends.
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const named = options.url ?? process.env.KNEEPOINT_URL;
  if (named) return { client: new GatewayClient(named), local: false, close: () => Promise.resolve() };
  // Loaded only where a server may start: a client of a distant gateway needs none of it.
  const { createLogger, readConfig } = await import('@kneepoint/platform');
  const config = readConfig(toEnvironment(options));
  const running = await findRunning(config.dataDir);
  if (running) return { client: new GatewayClient(running), local: true, close: () => Promise.resolve() };
  const { startEmbedded } = await import('../embedded.ts');
  const embedded = await startEmbedded(
    { ...config, port: 0 },
    createLogger({ service: 'kneepoint', level: process.env.LOG_LEVEL ? config.logLevel : 'silent' }),
  );
  return { client: new GatewayClient(embedded.url), local: true, close: () => embedded.close() };
}

/** The environment with the command's flags on top, so that flags and variables mean the same. */
export function toEnvironment(options: Omit<ConnectionOptions, 'url'> & { readonly port?: string }): NodeJS.ProcessEnv {
  const flags = {
    KNEEPOINT_DATA_DIR: options.dataDir,
    KNEEPOINT_PROVIDER: options.provider,
    KNEEPOINT_MEMORY_MB: options.memoryMb,
    PORT: options.port,
  };
  return { ...process.env, ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) };
}

async function findRunning(dataDir: string): Promise<string | null> {
  try {
    const { url } = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as { url: string };
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1000) });
    return response.ok ? url : null;
  } catch {
    return null;
  }
}
