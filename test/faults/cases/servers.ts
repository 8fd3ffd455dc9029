import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Fate } from '../../support/http-proxy.ts';
import type { Fixture } from '../fixture.ts';
import { LEASE_SECONDS } from '../world.ts';

const COMMIT = /\bCOMMIT\b/;
const ALL_SUCCEEDED = ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'];

export function natsFaults({ world, trial }: Fixture): void {
  it('NATS restarted in the middle of a step: the step goes on, and what it frees is published', async () => {
    const { run, release } = await trial().midway({
      ...{ work: 'analysis', kind: 'extract' },
      anew: ['extract', 'regress'],
    });
    await world().nats.restart();
    release();
    await trial().afterRecovery(run, { outcomes: ALL_SUCCEEDED });
  });

  it('NATS wiped with jobs in it: streams are made anew and the jobs are sent again from the database', async () => {
    await trial().forget('extract', 'regress');
    // Nobody takes the job, so that it is on the bus and nowhere else.
    world().process('extractor').child.kill('SIGSTOP');
    // Its open request would be answered: it must run out first.
    await sleep(1_500);
    const run = await trial().launch('analysis');
    await world().until('the job is on the bus', async () => (await world().messages()).jobs === 1);
    await world().until('the outbox is empty', async () => (await world().db.prisma.outbox.count()) === 0);
    await world().nats.wipe();
    await world().nats.start();
    world().process('extractor').child.kill('SIGCONT');
    await trial().afterRecovery(run, { outcomes: ALL_SUCCEEDED });
    const step = await world().db.prisma.step.findFirstOrThrow({ where: { runId: run, kind: 'extract' } });
    expect(step.attempt).toBe(1);
    expect(step.republished).toBeGreaterThan(0);
  });
}

export function databaseFaults({ world, trial }: Fixture): void {
  it.each([
    { lose: 'request', what: 'before it is done' },
    { lose: 'answer', what: 'when it is done and nobody knows' },
  ] as const)('the connection to PostgreSQL is lost at a commit, $what: the commit is made once', async ({ lose }) => {
    const { run, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    const sprung = world().database('pruner').trap({ pattern: COMMIT, lose });
    release();
    await sprung;
    await trial().afterRecovery(run, { outcomes: ['SUCCEEDED'] });
  });

  it('PostgreSQL down for longer than leases last: work is finished or done again, once', async () => {
    const { run, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    await world().postgres.signal('SIGKILL');
    release();
    await sleep(1.5 * LEASE_SECONDS * 1000);
    await world().postgres.start();
    // The lease ran out meanwhile: whether the worker or the reconciler is first to say so is a matter of luck.
    await world().ended(run);
    await trial().afterRecovery(run, { orphans: 1 });
  });
}

/** What becomes of requests, and how attempts may end for it; what is stored or read is asked for anew by everyone. */
const STORAGE: readonly { readonly name: string; readonly fate: () => (method: string) => Fate }[] = [
  { name: 'slow', fate: () => () => ({ lateMs: 300 }) },
  { name: 'answering every third request with 503', fate: everyThird({ status: 503 }) },
  { name: 'breaking off every third answer', fate: everyThird('truncate') },
];

export function storageFaults({ world, trial }: Fixture): void {
  /** Local copies would keep a fault from being met. */
  const forgetCopies = () =>
    Promise.all(
      ['extractor', 'regressor'].map((name) =>
        rm(join(world().dataDir(name), 'cache'), { recursive: true, force: true }),
      ),
    );

  it.each(STORAGE)('MinIO $name: requests are repeated until they are answered whole', async ({ fate }) => {
    await trial().forget('extract', 'regress');
    await forgetCopies();
    const decide = fate();
    world().storage.decide(({ method }) => decide(method ?? ''));
    const run = await trial().launch('analysis');
    await world().ended(run);
    expect(world().storage.harmed).toBeGreaterThan(2);
    world().storage.decide(() => 'pass');
    await trial().afterRecovery(run, { outcomes: ALL_SUCCEEDED });
  });

  it('MinIO down for a while: attempts wait for it, or fail with a code and are tried again', async () => {
    await trial().forget('extract', 'regress');
    await forgetCopies();
    await world().minio.signal('SIGKILL');
    const run = await trial().launch('analysis');
    await world().running(run, 'extract');
    await sleep(LEASE_SECONDS * 1000);
    await world().minio.start();
    await trial().afterRecovery(run);
    const failed = await world().db.prisma.attempt.findMany({ where: { step: { runId: run }, outcome: 'FAILED' } });
    for (const { failure } of failed) expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
}

function everyThird(fate: Fate): () => () => Fate {
  return () => {
    let count = 0;
    return () => ((count += 1) % 3 === 0 ? fate : 'pass');
  };
}
