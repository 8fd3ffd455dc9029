import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Fixture } from '../fixture.ts';
import { LEASE_SECONDS, type ServiceName } from '../world.ts';

const COMMIT = /\bCOMMIT\b/;
const DELETE_FROM_OUTBOX = /DELETE FROM .{0,20}outbox/;
const ALL_SUCCEEDED = ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED'];
const SHIFT_CLOCK = fileURLToPath(new URL('../shift-clock.mjs', import.meta.url));
const MINUTE_MS = 60_000;
/** Half of the clocks' shift. */
const LONG_LEASE_SECONDS = 30;

export function gatewayFaults({ world, trial }: Fixture): void {
  it('a gateway killed between the commit of a run and its publication: the same request finds the run, which is done once', async () => {
    await trial().forget('extract', 'regress');
    const request = { idempotencyKey: 'killed-before-it-published' };
    const gone = world()
      .database('gateway')
      .trap({ pattern: COMMIT, lose: 'answer', meanwhile: () => kill('gateway') });
    await expect(trial().launch('analysis', request)).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
    await gone;
    const { id } = await world().db.prisma.run.findFirstOrThrow({ where: request });
    await world().start('gateway');
    expect(await trial().launch('analysis', request)).toBe(id);
    expect(await world().db.prisma.run.count()).toBe(1);
    await trial().afterRecovery(id, { outcomes: ALL_SUCCEEDED });
  });

  it('a gateway killed between publishing and noting it: the message is published again, and dropped by the bus', async () => {
    await trial().forget('prune');
    const gone = world()
      .database('gateway')
      .trap({ pattern: DELETE_FROM_OUTBOX, lose: 'request', meanwhile: () => kill('gateway') });
    const request = { idempotencyKey: 'killed-after-it-published' };
    // Whether it still answered is a matter of luck.
    await trial()
      .launch('prune', request)
      .catch(() => undefined);
    await gone;
    // A row in the hands of the dead one is taken up after a quarter of a minute, by whoever is there.
    expect(await world().db.prisma.outbox.count()).toBe(1);
    const { id: run } = await world().db.prisma.run.findFirstOrThrow({ where: request });
    await world().start('gateway');
    await trial().afterRecovery(run, { outcomes: ['SUCCEEDED'] });
  });

  it('two gateways at once make one run of one request, and publish each step once', async () => {
    await trial().forget('extract', 'regress');
    await world().start('gateway', { as: 'gateway-2' });
    const request = { idempotencyKey: 'to-both-at-once' };
    const [one, other, ...rest] = await Promise.all(
      ['gateway', 'gateway-2', 'gateway', 'gateway-2'].map((gateway) =>
        trial().launch('analysis', { ...request, gateway }),
      ),
    );
    expect(new Set([one, other, ...rest]).size).toBe(1);
    expect(await world().db.prisma.run.count()).toBe(1);
    await trial().afterRecovery(one!, { outcomes: ALL_SUCCEEDED });
    await world().remove('gateway-2');
  });

  const kill = (name: ServiceName) => void world().process(name).child.kill('SIGKILL');
}

/** The last of its file: the clocks stay wrong. */
export function clockSkew({ world, trial }: Fixture): void {
  it('clocks a minute ahead and a minute behind: no lease is lost, and a dead worker is found out in time', async () => {
    const start = async (service: ServiceName, shiftMs: number, leaseSeconds = LEASE_SECONDS) => {
      await world().process(service).stop('SIGKILL');
      await world().start(service, {
        env: {
          ...{ NODE_OPTIONS: `--import ${SHIFT_CLOCK}`, SHIFT_CLOCK_MS: String(shiftMs) },
          KNEEPOINT_LEASE_SECONDS: String(leaseSeconds),
        },
      });
    };
    // Whoever judges leases is ahead: by its own clock every lease would be over.
    await Promise.all([start('gateway', MINUTE_MS), start('extractor', -MINUTE_MS)]);
    const { run, release } = await trial().midway({ work: 'analysis', kind: 'extract' });
    await start('extractor', -MINUTE_MS);
    release();
    await trial().afterRecovery(run, { outcomes: ['LOST', 'SUCCEEDED'] });

    // Of such length a lease is lost by a wrong clock alone: no busy machine keeps a process from its heartbeat for so long.
    await Promise.all([
      start('extractor', -MINUTE_MS, LONG_LEASE_SECONDS),
      start('regressor', MINUTE_MS, LONG_LEASE_SECONDS),
    ]);
    await trial().forget('extract', 'regress');
    await trial().afterRecovery(await trial().launch('analysis'), { outcomes: ALL_SUCCEEDED });
  });
}
