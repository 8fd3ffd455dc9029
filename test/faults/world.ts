import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localId } from '../../services/gateway/src/domain/ids.ts';
import { importsOf } from '../../packages/cli/src/client/connect.ts';
import { registerDataset, registerModel } from '../../packages/cli/src/client/register.ts';
import { createClient, type KneepointClient } from '@kneepoint/client/node';
import { type ArtifactStore, type Database, isRunTerminal, openDatabase, openStore } from '@kneepoint/platform';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type HttpProxy, startHttpProxy } from '../support/http-proxy.ts';
import { ADMIN_TOKEN, Kneepoint, makeSample } from '../support/kneepoint.ts';
import { startMinio } from '../support/minio.ts';
import { startNats } from '../support/nats.ts';
import { startPostgres } from '../support/postgres.ts';
import type { RunningService } from '../support/services.ts';
import { isAlive, taskProcessesOf } from '../support/task-processes.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** A tenth of what it is by default: what takes a minute in production takes six seconds here. */
export const LEASE_SECONDS = 3;
const BUCKET = 'artifacts';

export type ServiceName = 'gateway' | 'extractor' | 'regressor' | 'pruner' | 'trainer';
const SERVICES: readonly ServiceName[] = ['gateway', 'extractor', 'regressor', 'pruner', 'trainer'];

/** A process of Kneepoint with its own way to the database, so that its connections alone can be cut. */
interface Started {
  readonly process: Kneepoint;
  readonly database: TcpProxy;
}

/** A step that goes no further, because the processes that compute it are stopped. */
export interface Halted {
  /** The name of the process that works on it. */
  readonly by: string;
  /** Ids of the processes that compute it. */
  readonly tasks: readonly number[];
  /** Lets them go on. */
  readonly release: () => void;
}

/** A mutation that gives a run. */
export type Launch = (client: KneepointClient) => Promise<{ readonly run: { readonly id: string } }>;

export interface StartOptions {
  /** Tells several processes of one service apart. Default: the service's name. */
  readonly as?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly fileLimitKb?: number;
}

/** NATS, PostgreSQL and MinIO, the five services as processes, a model and images imported: what faults are done to. */
export class FaultWorld {
  readonly folder: string;
  readonly nats: RunningService;
  readonly postgres: RunningService;
  readonly minio: RunningService;
  /** Between all processes and MinIO. */
  readonly storage: HttpProxy;
  /** Around the proxies, for looking. */
  readonly db: Database;
  readonly store: ArtifactStore;
  model = '';
  dataset = '';
  readonly #started = new Map<string, Started>();

  private constructor(parts: Pick<FaultWorld, 'folder' | 'nats' | 'postgres' | 'minio' | 'storage' | 'db' | 'store'>) {
    ({
      folder: this.folder,
      nats: this.nats,
      postgres: this.postgres,
      minio: this.minio,
      storage: this.storage,
      db: this.db,
      store: this.store,
    } = parts);
  }

  static async open(name: string): Promise<FaultWorld> {
    const folder = await mkdtemp(join(tmpdir(), `kneepoint-${name}-`));
    const [nats, postgres, minio] = await Promise.all([startNats(), startPostgres(), startMinio(BUCKET)]);
    const storage = await startHttpProxy(minio.port);
    const db = await openDatabase(postgres.url);
    // The test server trades safety for speed; here it must keep what it has committed when it is killed.
    await db.prisma.$executeRaw`ALTER ROLE kneepoint SET synchronous_commit = on`;
    const store = await openStore(minio.url, { cacheDir: join(folder, 'looking') });
    const world = new FaultWorld({ folder, nats, postgres, minio, storage, db, store });
    try {
      await world.#begin();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** The five services, and a model and images for them. */
  async #begin(): Promise<void> {
    await Promise.all(SERVICES.map((service) => this.start(service)));
    const sample = await makeSample(join(this.folder, 'sample'), { count: 96, widths: [8, 'pool', 8] });
    const close = () => Promise.resolve();
    const connection = { client: this.client(), local: false, imports: importsOf(this.folder), close };
    const { signal } = new AbortController();
    const imported = await registerModel(connection, { file: sample.model, name: 'small' }, signal);
    this.model = imported.model!.id;
    const images = await registerDataset(connection, { source: sample.faces, name: 'faces' }, signal);
    this.dataset = images.dataset!.id;
  }

  async start(service: ServiceName, { as = service, env = {}, ...limits }: StartOptions = {}): Promise<void> {
    const database = this.#started.get(as)?.database ?? (await startTcpProxy(this.postgres.port));
    const process = new Kneepoint([service, '--port', '0', '--data-dir', this.dataDir(as)], {
      ...limits,
      env: {
        DATABASE_URL: this.postgres.url.replace(`:${this.postgres.port}`, `:${database.port}`),
        BUS_URL: this.nats.url,
        ARTIFACTS_URL: this.minio.url.replace(`:${this.minio.port}`, `:${this.storage.port}`),
        KNEEPOINT_LEASE_SECONDS: String(LEASE_SECONDS),
        OMP_NUM_THREADS: '1',
        ...env,
      },
    });
    this.#started.set(as, { process, database });
    await process.says(/is ready/);
  }

  dataDir(name: string): string {
    return join(this.folder, name);
  }

  process(name: string): Kneepoint {
    return this.#found(name).process;
  }

  /** The way of one process to the database. */
  database(name: string): TcpProxy {
    return this.#found(name).database;
  }

  #found(name: string): Started {
    const found = this.#started.get(name);
    if (found === undefined) throw new Error(`${name} was not started`);
    return found;
  }

  /** Launches over GraphQL; gives the id of the run in the database. */
  async launch(send: Launch, gateway = 'gateway'): Promise<string> {
    return localId('Run', (await send(this.client(gateway))).run.id);
  }

  client(gateway = 'gateway'): KneepointClient {
    const url = /"url":"(http[^"]+)\/graphql"/.exec(this.process(gateway).output)?.[1];
    if (url === undefined) throw new Error(`${gateway} does not listen:\n${this.process(gateway).output}`);
    return createClient({ url, token: ADMIN_TOKEN });
  }

  /** Kills a process and starts another in its place. */
  async replace(name: ServiceName): Promise<void> {
    await this.process(name).stop('SIGKILL');
    await this.start(name);
  }

  /** A second process of a service, if it does not run yet. */
  async ensure(service: ServiceName, as: string): Promise<void> {
    if (!this.#started.has(as)) await this.start(service, { as });
  }

  /** Ends a process that a case started beside the five, if it runs. */
  async remove(name: string): Promise<void> {
    const found = this.#started.get(name);
    if (found === undefined) return;
    const { process, database } = found;
    await process.stop('SIGKILL');
    await database.stop();
    this.#started.delete(name);
  }

  /** Waits until `find` gives something; looks often, because what is waited for may be short. */
  async until<T>(what: string, find: () => Promise<T | undefined | false | null>, seconds = 90): Promise<T> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const found = await find();
      if (found !== undefined && found !== false && found !== null) return found;
      if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s\n${this.#lastWords()}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  #lastWords(): string {
    return [...this.#started].map(([name, { process }]) => `${name}: ${process.output.slice(-1500)}`).join('\n\n');
  }

  /**
   * Stops the processes that compute the first step of that kind, once a worker has it; `moving`: once it has come some way. Its end then
   * waits for `release`, however slow the one who asked is. Undefined: the step was over before it could be stopped.
   */
  async halt(run: string, kind: string, { moving = false } = {}): Promise<Halted | undefined> {
    const step = { runId: run, kind, state: 'RUNNING' };
    const find = () => this.db.prisma.step.findFirst({ where: { ...step, ...(moving ? { done: { gt: 0 } } : {}) } });
    const found = await this.until(`${kind} is computed`, async () => {
      const running = await find();
      if (running === null) return isRunTerminal(await this.#stateOf(run)) ? 'over' : undefined;
      const by = this.#workerOf(running.worker!);
      const tasks = taskProcessesOf(this.process(by).child.pid!);
      // In between there is none: before it begins to compute, and when what it computed is stored.
      return tasks.length === 0 ? undefined : { by, tasks, id: running.id };
    });
    if (found === 'over') return undefined;
    const { by, tasks, id } = found;
    const signal = (name: NodeJS.Signals) => tasks.filter(isAlive).forEach((pid) => process.kill(pid, name));
    signal('SIGSTOP');
    // A result that was on its way when they were stopped has arrived by the next heartbeat, and a process is done away with by its result.
    const held = await this.heartbeat(id);
    const halted = { by, tasks, release: () => signal('SIGCONT') };
    if (held && tasks.every(isAlive)) return halted;
    halted.release();
    return undefined;
  }

  /** Waits until the worker that has a step has looked at its lease, and with it at what its run is asked to do; false: none has it. */
  async heartbeat(step: string): Promise<boolean> {
    const lease = async () =>
      (await this.db.prisma.step.findUniqueOrThrow({ where: { id: step } })).leaseUntil?.getTime() ?? 'none';
    const before = await lease();
    const after = await this.until('a heartbeat', async () => {
      const now = await lease();
      return now === 'none' || now !== before ? now : undefined;
    });
    return after !== 'none';
  }

  /** Which process a worker's id belongs to. */
  #workerOf(worker: string): string {
    const found = [...this.#started].find(([, { process }]) => worker.includes(`-${process.child.pid}-`));
    if (found === undefined) throw new Error(`no process is ${worker}`);
    return found[0];
  }

  /** The first step of that kind, once a worker has it. */
  running(run: string, kind: string) {
    return this.until(`${kind} runs`, () =>
      this.db.prisma.step.findFirst({ where: { runId: run, kind, state: 'RUNNING' } }),
    );
  }

  async ended(run: string, seconds = 90): Promise<string> {
    return this.until(
      `run ${run} ends`,
      async () => {
        const state = await this.#stateOf(run);
        return isRunTerminal(state) ? state : undefined;
      },
      seconds,
    );
  }

  async #stateOf(run: string): Promise<string> {
    return (await this.db.prisma.run.findUniqueOrThrow({ where: { id: run } })).state;
  }

  /** Messages in the job stream and in that of dead letters. */
  async messages(): Promise<{ readonly jobs: number; readonly dead: number }> {
    let connection: NatsConnection | undefined;
    try {
      connection = await connect({ servers: `127.0.0.1:${this.nats.port}` });
      const manager = await jetstreamManager(connection);
      const count = async (stream: string) => (await manager.streams.info(stream)).state.messages;
      return { jobs: await count('kneepoint-jobs'), dead: await count('kneepoint-dead') };
    } finally {
      await connection?.close();
    }
  }

  async close(): Promise<void> {
    for (const { process } of this.#started.values()) process.child.kill('SIGCONT');
    await Promise.all([...this.#started.values()].map(({ process }) => process.stop('SIGKILL')));
    await Promise.all([...this.#started.values()].map(({ database }) => database.stop()));
    await this.db.close();
    await this.storage.stop();
    await Promise.all([this.nats, this.postgres, this.minio].map((server) => server.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
