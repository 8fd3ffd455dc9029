import { join } from 'node:path';
import {
  type ArtifactStore,
  type Bus,
  type Database,
  type GarbageReport,
  launchRun,
  openBus,
  openDatabase,
  openStore,
  startDispatcher,
} from '@kneepoint/platform';
import { FINETUNE, type FinetuneInput, finetuneKey } from '@kneepoint/workflow';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../services/trainer/src/testing/stage.ts';
import { available } from './support/available.ts';
import { Kneepoint, kneepoint, kneepointJson } from './support/kneepoint.ts';
import { startMinio } from './support/minio.ts';
import { startNats } from './support/nats.ts';
import { startPostgres } from './support/postgres.ts';
import { freePort, type RunningService } from './support/services.ts';
import { taskProcessesOf } from './support/task-processes.ts';

const SUBJECT = 'kneepoint.svc.trainer.status';

interface Status {
  readonly worker: string;
  readonly state: string;
  readonly steps: readonly { readonly run: string; readonly done: number; readonly unit: string }[];
  readonly heartbeatAgeSeconds: number | null;
}

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('a worker of a team', () => {
  const backing: RunningService[] = [];
  let stage: Stage;
  let env: Record<string, string>;
  let db: Database;
  let bus: Bus;
  let store: ArtifactStore;
  let nats: NatsConnection;
  let worker: Kneepoint;
  let health: string;
  let job: FinetuneInput;

  beforeAll(async () => {
    const servers = await Promise.all([startNats(), startPostgres(), startMinio()]);
    backing.push(...servers);
    const [natsServer, postgres, minio] = servers;
    stage = await Stage.open();
    env = { DATABASE_URL: postgres.url, BUS_URL: natsServer.url, ARTIFACTS_URL: minio.url };
    env.KNEEPOINT_DATA_DIR = join(stage.folder, 'data');
    db = await openDatabase(postgres.url);
    bus = await openBus(natsServer.url);
    store = await openStore(minio.url, { cacheDir: join(stage.folder, 'cache') });
    nats = await connect({ servers: `127.0.0.1:${natsServer.port}` });
    // Port 0 means none, so a free one must be found first.
    const port = await freePort();
    health = `http://127.0.0.1:${port}`;
    worker = new Kneepoint(['trainer', '--health-port', String(port)], { env });
    await worker.says(/is ready/);
  });
  afterAll(async () => {
    await worker.stop('SIGKILL');
    await nats.close();
    await bus.close();
    await db.close();
    await Promise.all(backing.map((service) => service.stop()));
    await stage.close();
  });

  const status = async (): Promise<Status> => (await nats.request(SUBJECT, '', { timeout: 5_000 })).json<Status>();

  it('says over HTTP and NATS that it lives and waits', async () => {
    expect(await (await fetch(`${health}/readyz`)).json()).toMatchObject({ status: 'ready', heartbeat: 'ok' });
    expect(await (await fetch(`${health}/metrics`)).text()).toContain(
      'kneepoint_heartbeat_age_seconds{service="trainer"} 0',
    );
    expect(await status()).toMatchObject({ state: 'idle', steps: [], heartbeatAgeSeconds: null });
    const { code, stdout } = await kneepoint(['doctor'], { env });
    expect([code, stdout]).toEqual([0, expect.not.stringContaining('WRONG') as string]);
    expect(stdout).toMatch(/ok +downloads +signed upload and download work/);
    expect(stdout).toMatch(/ok +bus .* trainer 0\+0/);
  });

  it('told to end in the middle of a training, it saves that, hands it back and ends with 0', async () => {
    const { sha256 } = await store.put(stage.network.path);
    await store.put(stage.archive);
    const settings = { epochs: 100, patience: 100, batchSize: 1, checkpointSeconds: 86_400 };
    job = { ...stage.job({ mode: 'scratch', tasks: ['yaw'], settings }), network: { model: { sha256, layer: null } } };
    const dispatcher = startDispatcher(db, bus);
    const step = { ref: 'train', kind: FINETUNE.kind, service: FINETUNE.service, name: 'train', key: finetuneKey(job) };
    const run = await launchRun(db, { kind: 'FINETUNE', input: {}, steps: [{ ...step, input: job, dependsOn: [] }] });
    await expect
      .poll(
        async () => {
          const step = (await status()).steps[0];
          return step?.unit === 'images' && step.done > 0 ? step.run : undefined;
        },
        { timeout: 120_000, interval: 20 },
      )
      .toBe(run.id);
    // However slow what follows is, it meets the training in the middle.
    const tasks = taskProcessesOf(worker.child.pid!);
    tasks.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    await dispatcher.stop();
    const stopped = Date.now();
    const ended = worker.stop('SIGTERM');
    tasks.forEach((pid) => process.kill(pid, 'SIGCONT'));
    const { code } = await ended;
    expect(code).toBe(0);
    expect(Date.now() - stopped).toBeLessThan(30_000);
    const after = await db.prisma.step.findFirstOrThrow({ where: { runId: run.id } });
    expect(after).toMatchObject({ state: 'QUEUED', attempt: 2, handedBack: 1, token: null });
    const saved = await db.prisma.checkpoint.findFirstOrThrow({ where: { key: finetuneKey(job) } });
    expect(saved.position).not.toMatchObject({ epoch: 0, step: 0 });
    expect(await store.has(saved.sha256)).toBe(true);
    // Its job was acknowledged, so nobody gets it again; the next attempt has a job of its own.
    const { state } = await (await jetstreamManager(nats)).streams.info('kneepoint-jobs');
    expect(state.messages).toBeLessThanOrEqual(1);
    await expect(nats.request(SUBJECT, '', { timeout: 500 })).rejects.toThrow();
  });

  it('leaves nothing behind that a collection of garbage would take too early', async () => {
    const report = await kneepointJson<GarbageReport>(['gc', '--older-than', '1h', '--dry-run'], { env });
    expect(report).toMatchObject({ dryRun: true, deleted: { count: 0 }, runs: 0, checkpoints: 0 });
    expect(report.kept.count).toBe(3);
    const refused = await kneepoint(['gc', '--older-than', '5m'], { env });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('RETENTION_INVALID') as string]);
  });
});
