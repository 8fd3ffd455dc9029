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
const READS = /^\s*SELECT .* FROM "public"\./s;

/** Of an administrator of every project. */
export const ADMIN_TOKEN = 'the-admin-token-that-only-this-test-knows';

/** Of whoever sits at the machine, and of the page. */
export const LOCAL_TOKEN = 'the-local-token-that-only-this-test-knows';

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
  /** What says that an administrator asks: for requests, and as `connectionParams` for sockets. */
  readonly headers: Readonly<Record<string, string>>;
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

export interface TestGatewayOptions {
  readonly allowLocalPaths?: boolean;
  /** Variables of the environment, on top of those of a test. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a database in memory. */
  readonly databaseUrl?: string;
}

export async function openTestGateway({
  allowLocalPaths = true,
  settings = {},
  databaseUrl = 'pglite://:memory:',
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'kneepoint-gateway-'));
  const db = await openDatabase(databaseUrl);
  const bus = new ListeningBus(new MemoryBus());
  let url = '';
  const store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, {
    baseUrl: () => settings['KNEEPOINT_PUBLIC_URL'] ?? url,
    signingKey: SIGNING_KEY,
  });
  const lines: string[] = [];
  const log = createLogger({
    service: 'gateway',
    level: 'debug',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const config = readConfig({
    ...{ PORT: '0', KNEEPOINT_DATA_DIR: folder, LOG_LEVEL: 'debug', KNEEPOINT_ADMIN_TOKEN: ADMIN_TOKEN },
    ...settings,
  });
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const gateway = await startGateway({ db, bus, store, log, config, allowLocalPaths, localToken: LOCAL_TOKEN });
  url = gateway.url;
  const statements: string[] = [];
  db.prisma.$on('query', ({ query }) => void statements.push(query));

  const post = async <Data>(query: string, variables: object = {}): Promise<Answer<Data>> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  };
  return {
    url,
    folder,
    headers,
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
      createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        connectionParams: headers,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      }),
    close: async () => {
      await gateway.close();
      await bus.close();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
