import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { startNats } from '../../../../test/support/nats.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { ENGINES, gate, log, plan, World } from './contract/world.ts';
import { launchRun } from './launch-run.ts';
import { startDispatcher } from './start-dispatcher.ts';
import { startReconciler } from './start-reconciler.ts';

describe.skipIf(!available('nats-server'))('a run whose jobs NATS gives up', () => {
  const world = new World();
  const release = gate();
  let bus: NatsBus;
  beforeAll(async () => {
    await world.open(ENGINES[0]!.start);
    const server = await startNats();
    world.later(() => server.stop());
    bus = await NatsBus.open(server.url, { maxDeliveries: 2, ackWaitMs: 1_000 });
    world.later(() => bus.close());
    const dispatcher = startDispatcher(world.db, bus, { log, everyMs: 50 });
    world.later(() => dispatcher.stop());
    // It would send the step again only after a minute: what ends the run is the dead letter.
    const reconciler = startReconciler(world.db, bus, { log, everyMs: 100 });
    world.later(() => reconciler.stop());
  });
  afterAll(() => {
    release.open();
    return world.close();
  });

  it('ends and says so, instead of waiting for a worker that hears', async () => {
    // Takes a job and is never heard of again, as a process that dies of it.
    await bus.consume('poisoned', () => release.promise, { concurrency: 8 });
    const run = await launchRun(world.db, {
      ...{ kind: 'TEST', input: {} },
      steps: [plan('poisoned', { maxAttempts: 2 }), plan('poisoned', { ref: 'next', dependsOn: ['only'] })],
    });
    const ended = await world.ended(run.id, 60_000);
    expect(ended).toMatchObject({ state: 'FAILED', failure: { code: 'JOB_GIVEN_UP', step: 'a step' } });
    expect((ended.failure as { message: string }).message).toContain('delivered 2 times');
    expect((await world.steps(run.id)).map(({ state, attempt }) => [state, attempt])).toEqual([
      ['FAILED', 2],
      ['CANCELED', 0],
    ]);
  });
});
