import { CancelRunDocument, RetryRunDocument } from '@kneepoint/client';
import { expect, it } from 'vitest';
import { globalId, localId } from '../../../services/gateway/src/domain/ids.ts';
import type { Fixture } from '../fixture.ts';

const BEGIN = /\bBEGIN\b/;
const COMMIT = /\bCOMMIT\b/;

export function cancels({ world, trial }: Fixture): void {
  const cancelRun = async (run: string) =>
    (
      await world()
        .client()
        .mutate(CancelRunDocument, { id: globalId('Run', run) })
    ).run.state;

  /** Until the worker knows that the run is canceled. */
  async function heard(run: string, kind: string): Promise<void> {
    const { id } = await world().db.prisma.step.findFirstOrThrow({ where: { runId: run, kind } });
    await world().heartbeat(id);
  }

  /** The canceled work once more: as if nothing had been. */
  async function retried(run: string, outcomes: readonly string[]): Promise<void> {
    const id = globalId('Run', run);
    const { run: again } = await world().client().mutate(RetryRunDocument, { id });
    await trial().afterRecovery(localId('Run', again.id), { outcomes });
  }

  it('canceled while its step is queued: it never starts, and its message is dropped', async () => {
    await trial().forget('prune');
    world().process('pruner').child.kill('SIGSTOP');
    const run = await trial().launch('prune');
    await world().until('the job is on the bus', async () => (await world().messages()).jobs === 1);
    expect(await cancelRun(run)).toBe('CANCELED');
    world().process('pruner').child.kill('SIGCONT');
    await trial().afterRecovery(run, { state: 'CANCELED', outcomes: [] });
    await retried(run, ['SUCCEEDED']);
  });

  it('canceled while it runs: the step is told to stop, and nothing of it is kept', async () => {
    const { run, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    expect(await cancelRun(run)).toBe('CANCELING');
    await heard(run, 'prune');
    release();
    await trial().afterRecovery(run, { state: 'CANCELED', outcomes: ['CANCELED'] });
    await retried(run, ['SUCCEEDED']);
  });

  it('canceled in mid-epoch: the training keeps what it has, and goes on from there when it is launched again', async () => {
    const anew = ['finetune', 'report'];
    const { run, release } = await trial().midway({ work: 'compression', kind: 'finetune', anew, moving: true });
    await cancelRun(run);
    await heard(run, 'finetune');
    release();
    await trial().afterRecovery(run, { state: 'CANCELED', outcomes: ['CANCELED'], checkpoints: 1 });
    await retried(run, ['SUCCEEDED', 'SUCCEEDED']);
  });

  it.each([
    { where: 'before its last commit', pattern: BEGIN },
    { where: 'during its last commit', pattern: COMMIT },
  ])('canceled $where: what is finished counts', async ({ pattern }) => {
    const { run, release } = await trial().midway({ work: 'prune', kind: 'prune' });
    let asked: Promise<string> | undefined;
    const sprung = world()
      .database('pruner')
      .trap({
        ...{ pattern, lose: 'request', then: 'pass' },
        meanwhile: async () => {
          asked = cancelRun(run);
          // It waits for the commit when that has the run's row; else it is done first.
          await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 500))]);
        },
      });
    release();
    await sprung;
    expect(['CANCELING', 'SUCCEEDED']).toContain(await asked);
    await trial().afterRecovery(run, { outcomes: ['SUCCEEDED'] });
  });
}
