import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ArtifactStore,
  createLogger,
  type Database,
  MemoryBus,
  openDatabase,
  openStore,
  readConfig,
} from '@kneepoint/platform';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { startGateway } from '../server.ts';
import { ListeningBus } from './listening-bus.ts';

/** What Prisma reads; the dispatcher and the reconciler write their own SQL. */
const READS = /^SELECT .* FROM "public"\./;

export const SIGNING_KEY = 'a key that only this test knows';

export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly where?: string; readonly fix?: string };
}

export interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlError[];
}

/** A real gateway on a free port, with a database in memory, a bus in this process and a folder store. */
export interface TestGateway {
  readonly url: string;
  readonly folder: string;
  readonly db: Database;
  readonly bus: ListeningBus;
  readonly store: ArtifactStore;
  /** Lines that the gateway logged. */
  readonly log: string[];
  post<Data>(query: string, variables?: object): Promise<Answer<Data>>;
  /** The data; an error of the server is one of the test. */
  query<Data>(query: string, variables?: object): Promise<Data>;
  /** Statements that reading for one query costs, without those of the background. */
  statementsOf(work: () => Promise<unknown>): Promise<string[]>;
  socket(): ReturnType<typeof createClient>;
  close(): Promise<void>;
}

export async function openTestGateway({ allowLocalPaths = true } = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gateway-'));
  const db = await openDatabase('pglite://:memory:');
  const bus = new ListeningBus(new MemoryBus());
  let url = '';
  const store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, {
    baseUrl: () => url,
    signingKey: SIGNING_KEY,
  });
  const lines: string[] = [];
  const log = createLogger({
    service: 'gateway',
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const config = readConfig({ PORT: '0', KNEEPOINT_DATA_DIR: folder });
  const gateway = await startGateway({ db, bus, store, log, config, allowLocalPaths });
  url = gateway.url;
  const statements: string[] = [];
  db.prisma.$on('query', ({ query }) => void statements.push(query));

  const post = async <Data>(query: string, variables: object = {}): Promise<Answer<Data>> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  };
  return {
    url,
    folder,
    db,
    bus,
    store,
    log: lines,
    post,
    query: async <Data>(query: string, variables: object = {}) => {
      const { data, errors } = await post<Data>(query, variables);
      if (errors) throw new Error(JSON.stringify(errors));
      return data!;
    },
    statementsOf: async (work) => {
      statements.length = 0;
      await work();
      return statements.filter((statement) => READS.test(statement));
    },
    socket: () =>
      createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 }),
    close: async () => {
      await gateway.close();
      await bus.close();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
