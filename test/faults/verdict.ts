import {
  type KneepointClient,
  LaunchAnalysisDocument,
  LaunchCompressionDocument,
  LaunchPruneDocument,
} from '@kneepoint/client';
import { type Database, isRunTerminal, isStepTerminal } from '@kneepoint/platform';
import { expect } from 'vitest';
import { type ComparedResult, comparedResults } from './results.ts';
import type { FaultWorld, Halted } from './world.ts';

const IMPORTS = ['import-model', 'import-dataset'];
/** What one kind of step leaves besides its own result. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { regress: ['layer-task'] };
/** Seconds within which the bus must be empty: a message of a dead worker comes back after one lease, and is then dropped. */
const DRAIN_SECONDS = 20;

interface Sources {
  readonly model: string;
  readonly dataset: string;
  readonly idempotencyKey?: string;
}

/** The work that cases do under faults; each ends with results that the reference run has under the same keys. */
const WORK = {
  analysis: (input: Sources) => (client: KneepointClient) =>
    client.mutate(LaunchAnalysisDocument, { input: { ...input, tasks: ['yaw'] } }),
  prune: (input: Sources) => (client: KneepointClient) =>
    client.mutate(LaunchPruneDocument, { input: { ...input, plan: { task: 'yaw' }, epsilons: [0.05] } }),
  compression: (input: Sources) => (client: KneepointClient) => {
    const training = { epochs: 6, batchSize: 4 };
    const kind = { plan: { task: 'yaw' }, epsilons: [0.05], arms: ['FINETUNED'], teacher: false, training } as const;
    return client.mutate(LaunchCompressionDocument, { input: { ...input, ...kind } });
  },
} as const;

export type Work = keyof typeof WORK;

/** A step to be met in the middle. */
export interface Midway {
  readonly work: Work;
  /** Of the step. */
  readonly kind: string;
  /** What is forgotten beforehand, so that it is done anew. Default: the kind itself. */
  readonly anew?: readonly string[];
  /** Some way into the step rather than at its start. */
  readonly moving?: boolean;
}

/** How often work is launched that was over before it could be stopped in the middle. */
const MOST_LAUNCHES = 10;

export interface Recovery {
  /** How the run must have ended. Default SUCCEEDED. */
  readonly state?: string;
  /** How its attempts ended, of all steps, where the case knows; sorted. */
  readonly outcomes?: readonly string[];
  /** Objects in the bucket that no row refers to: bytes of an attempt that was cut off between its upload and its commit. */
  readonly orphans?: number;
  /** Checkpoints that may stay, of a training that was canceled and can be taken up again. */
  readonly checkpoints?: number;
}

type RunState = Awaited<ReturnType<typeof stateOf>>;

function stateOf(db: Database, run: string) {
  const attempts = { orderBy: { number: 'asc' } } as const;
  const steps = { orderBy: { position: 'asc' }, include: { attempts } } as const;
  return db.prisma.run.findUniqueOrThrow({ where: { id: run }, include: { steps } });
}

/** Does the same work in a world again and again, and compares what came of it with what came of it undisturbed. */
export class Trial {
  readonly #world: FaultWorld;
  readonly #reference: ReadonlyMap<string, ComparedResult>;

  private constructor(world: FaultWorld, reference: readonly ComparedResult[]) {
    this.#world = world;
    this.#reference = new Map(reference.map((result) => [result.key, result]));
  }

  /** Runs everything once without any fault: the reference. */
  static async open(world: FaultWorld): Promise<Trial> {
    const trial = new Trial(world, []);
    const run = await trial.launch('compression');
    expect(await world.ended(run)).toBe('SUCCEEDED');
    const reference = await comparedResults(world.db, world.store);
    expect(reference.map(({ kind }) => kind).sort()).toEqual(
      [
        ...IMPORTS,
        ...['extract', 'finetune', 'layer-task', 'layer-task', 'prune', 'regress', 'regress', 'report'],
      ].sort(),
    );
    return new Trial(world, reference);
  }

  launch(work: Work, { gateway = 'gateway', idempotencyKey }: { gateway?: string; idempotencyKey?: string } = {}) {
    const { model, dataset } = this.#world;
    const key = idempotencyKey === undefined ? {} : { idempotencyKey };
    return this.#world.launch(WORK[work]({ model, dataset, ...key }), gateway);
  }

  /**
   * Launches work and halts a step of it, so that what is done next meets it in the middle, on a machine of any speed. Work that was over
   * before that is forgotten and launched again.
   */
  async midway({ work, kind, anew = [kind], moving = false }: Midway): Promise<Halted & { readonly run: string }> {
    for (let launches = 0; launches < MOST_LAUNCHES; launches += 1) {
      await this.forget(...anew);
      const run = await this.launch(work);
      const halted = await this.#world.halt(run, kind, { moving });
      if (halted !== undefined) return { run, ...halted };
      await this.#world.ended(run);
    }
    throw new Error(`${kind} was over ${MOST_LAUNCHES} times before it could be stopped`);
  }

  /** Forgets all runs, and the results of these kinds with their files, so that the work is done anew. */
  async forget(...kinds: readonly string[]): Promise<void> {
    const { db, store } = this.#world;
    const gone = kinds.flatMap((kind) => [kind, ...(BESIDE[kind] ?? [])]);
    await db.prisma.run.deleteMany();
    await db.prisma.checkpoint.deleteMany();
    await db.prisma.result.deleteMany({ where: { kind: { in: gone } } });
    const kept = await this.#referenced();
    await db.prisma.artifact.deleteMany({ where: { sha256: { notIn: [...kept] } } });
    for await (const { sha256 } of store.list()) if (!kept.has(sha256)) await store.delete(sha256);
  }

  /** Forgets everything but the imports. */
  forgetAll(): Promise<void> {
    return this.forget('extract', 'regress', 'prune', 'finetune', 'report');
  }

  async #referenced(): Promise<ReadonlySet<string>> {
    const { db } = this.#world;
    const results = await db.prisma.result.findMany();
    return new Set(results.flatMap(({ artifacts }) => artifacts));
  }

  /**
   * What must hold when a fault is over: one terminal state, one set of artifacts, an empty outbox, no message left in the job stream or
   * among the dead letters, and the results of an undisturbed run.
   */
  async afterRecovery(
    run: string,
    { state = 'SUCCEEDED', outcomes, orphans = 0, checkpoints = 0 }: Recovery = {},
  ): Promise<void> {
    const world = this.#world;
    expect(await world.ended(run)).toBe(state);
    const ended = await stateOf(world.db, run);
    this.#oneEnd(ended, state, outcomes);
    await world.until('the outbox is empty', async () => (await world.db.prisma.outbox.count()) === 0, DRAIN_SECONDS);
    await world.until(
      'the streams are empty',
      async () => {
        const { jobs, dead } = await world.messages();
        return jobs === 0 && dead === 0;
      },
      DRAIN_SECONDS,
    );
    // Nothing moves afterwards, whatever was still on its way.
    expect(await stateOf(world.db, run)).toEqual(ended);
    await this.#artifacts(orphans + checkpoints);
    expect(await world.db.prisma.checkpoint.count()).toBeLessThanOrEqual(checkpoints);
    await this.#equal(ended.steps, state);
  }

  #oneEnd(run: RunState, state: string, outcomes: readonly string[] | undefined): void {
    expect(isRunTerminal(run.state)).toBe(true);
    const attempts = run.steps.flatMap((step) => step.attempts);
    if (outcomes !== undefined) expect(attempts.map(({ outcome }) => outcome).sort()).toEqual(outcomes);
    expect(attempts.filter(({ endedAt, outcome }) => endedAt === null || outcome === null)).toEqual([]);
    for (const step of run.steps) {
      expect(isStepTerminal(step.state)).toBe(true);
      expect(step.attempts.map(({ number }) => number)).toEqual(step.attempts.map((_attempt, index) => index + 1));
      const successes = step.attempts.filter(({ outcome }) => outcome === 'SUCCEEDED').length;
      expect(successes).toBe(step.state === 'SUCCEEDED' && !step.reused ? 1 : 0);
      if (state === 'SUCCEEDED') expect(step.state).toBe('SUCCEEDED');
    }
  }

  /** Rows, results and the bucket agree on which artifacts there are. */
  async #artifacts(orphans: number): Promise<void> {
    const { db, store } = this.#world;
    const referenced = [...(await this.#referenced())].sort();
    const rows = await db.prisma.artifact.findMany({ orderBy: { sha256: 'asc' } });
    expect(rows.map(({ sha256 }) => sha256)).toEqual(referenced);
    const stored: string[] = [];
    for await (const { sha256 } of store.list()) stored.push(sha256);
    expect(referenced.filter((sha256) => !stored.includes(sha256))).toEqual([]);
    expect(stored.filter((sha256) => !referenced.includes(sha256)).length).toBeLessThanOrEqual(orphans);
  }

  /** Every result is the reference's under that key, and a run that succeeded has all of its. */
  async #equal(steps: readonly { readonly key: string }[], state: string): Promise<void> {
    const { db, store } = this.#world;
    const found = await comparedResults(db, store);
    for (const result of found) expect(result).toEqual(this.#reference.get(result.key));
    if (state !== 'SUCCEEDED') return;
    const keys = new Set(found.map(({ key }) => key));
    expect(steps.filter(({ key }) => !keys.has(key))).toEqual([]);
  }
}
