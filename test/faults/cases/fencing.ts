import { setTimeout as sleep } from 'node:timers/promises';
import { openBus } from '@kneepoint/platform';
import { expect, it } from 'vitest';
import type { Fixture } from '../fixture.ts';
import { LEASE_SECONDS } from '../world.ts';

/** The statement that opens each change of a run; the next one of a worker that has a step in hand is the one that ends it. */
const BEGIN = /\bBEGIN\b/;
const COMMIT = /\bCOMMIT\b/;

export function fencing({ world, trial }: Fixture): void {
  const succeeded = (run: string, attempt: number) =>
    world().until(`attempt ${attempt} succeeds`, () =>
      world().db.prisma.attempt.findFirst({ where: { step: { runId: run }, number: attempt, outcome: 'SUCCEEDED' } }),
    );
  const signal = (name: string, what: NodeJS.Signals) => process.kill(-world().process(name).child.pid!, what);

  it('a worker frozen past its lease is replaced; thawed, it learns that and drops what it made', async () => {
    await world().ensure('pruner', 'pruner-2');
    // One that froze before it heard that it has the step would find nothing to do when it thaws, and nothing to drop.
    const { run, by: frozen } = await trial().midway({ work: 'prune', kind: 'prune' });
    signal(frozen, 'SIGSTOP');
    await succeeded(run, 2);
    signal(frozen, 'SIGCONT');
    await world()
      .process(frozen)
      .says(/what this (one|attempt) made is dropped/);
    await trial().afterRecovery(run, { outcomes: ['LOST', 'SUCCEEDED'] });
  });

  it.each([
    { where: 'before its commit begins', pattern: BEGIN },
    { where: 'in the middle of its commit, with its locks', pattern: COMMIT },
  ])('a worker frozen $where is replaced, and its late write is refused', async ({ pattern }) => {
    await world().ensure('pruner', 'pruner-2');
    const { run, by: frozen, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    const late = world()
      .database(frozen)
      .trap({
        ...{ pattern, lose: 'request', then: 'pass' },
        meanwhile: async () => {
          signal(frozen, 'SIGSTOP');
          await succeeded(run, 2);
          signal(frozen, 'SIGCONT');
        },
      });
    release();
    await late;
    // The report of the first attempt was stored before it froze, with times of its own in it; `gc` collects it.
    await trial().afterRecovery(run, { outcomes: ['LOST', 'SUCCEEDED'], orphans: 1 });
    expect(world().process(frozen).child.exitCode).toBeNull();
  });

  it('a worker killed between commit and acknowledgement has done its work', async () => {
    await world().remove('pruner-2');
    const { run, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    const sprung = world()
      .database('pruner')
      .trap({ pattern: COMMIT, lose: 'answer', meanwhile: () => void world().process('pruner').child.kill('SIGKILL') });
    release();
    await sprung;
    await world().process('pruner').finished();
    expect((await world().messages()).jobs).toBe(1);
    await world().start('pruner');
    await trial().afterRecovery(run, { outcomes: ['SUCCEEDED'] });
  });

  it('messages that arrive again, before, while and after the step is done, change nothing', async () => {
    await trial().forget('extract', 'regress');
    const bus = await openBus(world().nats.url, { ackWaitMs: LEASE_SECONDS * 1000 });
    const again = async (name: string, run: string) => {
      const steps = await world().db.prisma.step.findMany({ where: { runId: run, attempt: { gt: 0 } } });
      for (const { id, attempt, service } of steps) {
        for (const copy of [1, 2, 3]) {
          const message = { runId: run, stepId: id, attempt };
          await bus.publish(`jobs.${service}`, message, { id: `${id}:${attempt}:${name}:${copy}` });
        }
      }
    };
    const run = await trial().launch('analysis');
    await again('queued', run);
    for (const kind of ['extract', 'regress']) {
      // Computing waits for the messages; a step that was quicker has been done, and they arrive afterwards.
      const halted = await world().halt(run, kind);
      await again(kind, run);
      halted?.release();
    }
    await world().ended(run);
    await again('done', run);
    await sleep(200);
    await bus.close();
    await trial().afterRecovery(run, { outcomes: ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'] });
  });
}
