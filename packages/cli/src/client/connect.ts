import { homedir } from 'node:os';
import { join } from 'node:path';
import { createClient, type KneepointClient } from '@kneepoint/client/node';
import type { Interrupt } from '../interrupt.ts';
import { findAccess } from './access.ts';
import { DataFolder, GOODBYE_MS } from './data-folder.ts';
import { Imports } from './imports.ts';

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
  /** What was imported there before. */
  readonly imports: Imports;
  close(): Promise<void>;
}

/**
 * The gateway that a command talks to: the one named, else the one that serves the data folder, else every service in this
 * process until the command ends. Throws GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID.
 */
export async function connect(
  options: ConnectionOptions,
  interrupt?: Pick<Interrupt, 'limit' | 'signal'>,
): Promise<Connection> {
  const named = await findAccess(options);
  if (named !== undefined) {
    interrupt?.limit(GOODBYE_MS);
    const client = createClient(named);
    await client.check();
    return {
      ...{ client, local: false },
      imports: new Imports(join(cacheFolder(), 'imports.json'), `${client.url} ${named.project ?? ''}`),
      close: () => Promise.resolve(),
    };
  }
  // Loaded only where a server may start: a client of a distant gateway needs none of it.
  const { readConfig } = await import('@kneepoint/platform');
  const config = readConfig(toEnvironment(options));
  const folder = new DataFolder(config, interrupt);
  const client = createClient({ ...(await folder.serve()), relocate: () => folder.relocate() });
  return {
    ...{ client, local: true },
    imports: importsOf(config.dataDir),
    close: () => folder.close(),
  };
}

/** What the server of a data folder imported. */
export function importsOf(dataDir: string): Imports {
  return new Imports(join(dataDir, 'imports.json'), 'local');
}

function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kneepoint');
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
