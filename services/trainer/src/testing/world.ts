import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ArtifactStore,
  createLogger,
  type Database,
  launchRun,
  MemoryBus,
  openDatabase,
  openStore,
  readConfig,
  startReconciler,
} from '@kneepoint/platform';
import {
  FINETUNE,
  type FinetuneInput,
  finetuneKey,
  type FinetuneOutput,
  type FinetunePosition,
} from '@kneepoint/workflow';
import { startTrainer } from '../trainer.ts';

/** The trainer with everything around it, on one folder; two of them after each other are a process and the one that takes over. */
export class World {
  readonly db: Database;
  readonly store: ArtifactStore;
  readonly #stop: () => Promise<void>;

  private constructor(db: Database, store: ArtifactStore, stop: () => Promise<void>) {
    this.db = db;
    this.store = store;
    this.#stop = stop;
  }

  /** `work: false`: only to look at what is there. */
  static async open(folder: string, { work = true } = {}): Promise<World> {
    const log = createLogger({ service: 'test', level: 'silent' });
    const config = readConfig({ KNEEPOINT_DATA_DIR: join(folder, 'data') });
    const db = await openDatabase(`pglite://${join(folder, 'database')}`);
    const store = await openStore(pathToFileURL(join(folder, 'artifacts')).href, { cacheDir: join(folder, 'cache') });
    if (!work) return new World(db, store, () => db.close());
    const bus = new MemoryBus();
    const trainer = await startTrainer({ db, bus, store, log, config });
    const reconciler = startReconciler(db, bus, { log, everyMs: 200 });
    return new World(db, store, async () => {
      await trainer.stop({ graceMs: 25_000 });
      await reconciler.stop();
      await bus.close();
      await db.close();
    });
  }

  async launch(job: FinetuneInput): Promise<string> {
    const step = {
      ref: 'train',
      kind: FINETUNE.kind,
      service: FINETUNE.service,
      name: 'train',
      key: finetuneKey(job),
      input: job,
      dependsOn: [],
    };
    return (await launchRun(this.db, { kind: 'FINETUNE', input: {}, steps: [step] })).id;
  }

  /** Waits until the run has ended well; fails with its failure otherwise. */
  async output(runId: string): Promise<FinetuneOutput> {
    await this.until(async () => {
      const { state, failure } = await this.db.prisma.run.findUniqueOrThrow({ where: { id: runId } });
      if (state === 'FAILED' || state === 'CANCELED') throw new Error(`${state}: ${JSON.stringify(failure)}`);
      return state === 'SUCCEEDED';
    });
    const { output } = await this.db.prisma.step.findFirstOrThrow({ where: { runId } });
    return output as unknown as FinetuneOutput;
  }

  /** Waits for a checkpoint in the middle of an epoch that is not the first. */
  async midEpoch(job: FinetuneInput): Promise<FinetunePosition> {
    let found: FinetunePosition | undefined;
    await this.until(async () => {
      const row = await this.db.prisma.checkpoint.findFirst({ where: { key: finetuneKey(job) } });
      found = row?.position as unknown as FinetunePosition | undefined;
      return found !== undefined && found.epoch > 0 && found.step > 0;
    });
    return found!;
  }

  async until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 120_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error('it took too long');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  close(): Promise<void> {
    return this.#stop();
  }
}
