import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JSON_HEADERS, Kneepoint } from '../support/kneepoint.ts';
import type { Outcome } from './outcome.ts';

/** Signs the addresses of uploads and downloads: known, so that a row can forge an expired one. */
export const SIGNING_KEY = 'a key that only this test knows';

interface RunState {
  readonly state: string;
  readonly failure: Outcome | null;
  readonly model: { readonly id: string } | null;
  readonly dataset: { readonly id: string } | null;
  readonly attempts: { readonly totalCount: number };
}

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string; where?: string } }[];
}

interface Payload {
  readonly run?: { readonly id: string } | null;
  readonly userErrors?: readonly { code: string; field: string | null; message: string }[];
}

const RUN =
  'query($id: ID!) { run(id: $id) { state failure { code message where } model { id } dataset { id } attempts(first: 100) { totalCount } } }';
const ENDED: readonly string[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];

/** One `kneepoint up` with folders of its own, so that whatever it leaves behind is found. */
export class Server {
  readonly folder: string;
  readonly process: Kneepoint;
  url = '';

  private constructor(folder: string) {
    this.folder = folder;
    this.process = new Kneepoint(['up', '--port', '0', '--data-dir', join(folder, 'data')], {
      env: { KNEEPOINT_SIGNING_KEY: SIGNING_KEY, LOG_LEVEL: 'silent', TMPDIR: join(folder, 'tmp') },
    });
  }

  static async start(): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'kneepoint-rejects-'));
    await mkdir(join(folder, 'tmp'));
    const server = new Server(folder);
    const [, url] = await server.process.says(/serves (http\S+)\/graphql/);
    server.url = url!;
    return server;
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async post(query: string, variables: object = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** Why a query or mutation was refused; null when it was not. */
  async refusal(query: string, variables: object = {}): Promise<Outcome | null> {
    const { data, errors } = await this.post(query, variables);
    const [error] = errors ?? [];
    if (error) {
      const { code = 'NONE', where = null } = error.extensions ?? {};
      return { code, message: error.message, where };
    }
    const [payload] = Object.values(data ?? {}) as (Payload | null)[];
    const [userError] = payload?.userErrors ?? [];
    return userError
      ? { code: userError.code, message: userError.message, where: userError.field?.replace(/^input\./, '') ?? null }
      : null;
  }

  /** Imports a model or a data set and waits until the run has ended. */
  async register(kind: 'Model' | 'Dataset', input: object): Promise<RunState> {
    const field = `register${kind}`;
    const { data } = await this.post(
      `mutation($input: Register${kind}Input!) { ${field}(input: $input) { run { id } userErrors { code field message } } }`,
      { input },
    );
    const { run, userErrors } = data![field] as Payload;
    if (!run) throw new Error(`not launched: ${JSON.stringify(userErrors)}`);
    for (;;) {
      const answer = await this.post(RUN, { id: run.id });
      const state = answer.data!.run as RunState;
      if (ENDED.includes(state.state)) return state;
      await sleep(50);
    }
  }

  /** Folders and files of finished work that are still there. */
  async leftovers(): Promise<string[]> {
    const folders = ['tmp', 'data/work', 'data/artifacts/tmp'];
    const names = await Promise.all(
      folders.map(async (folder) =>
        (await readdir(join(this.folder, folder)).catch(() => [])).map((name) => `${folder}/${name}`),
      ),
    );
    // The loader of TypeScript keeps its cache there, which is no work of ours.
    return names.flat().filter((name) => !name.startsWith('tmp/tsx-') && !name.startsWith('tmp/node-compile-cache'));
  }

  /** Command lines of the server's children that run tasks. */
  async tasks(): Promise<string[]> {
    const found: string[] = [];
    for (const name of await readdir('/proc').catch(() => [])) {
      if (!/^\d+$/.test(name)) continue;
      const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
      if (!new RegExp(`^PPid:\\s+${this.process.child.pid}$`, 'm').test(status)) continue;
      const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
      if (command.includes('childMain')) found.push(command.replaceAll('\0', ' '));
    }
    return found;
  }
}
