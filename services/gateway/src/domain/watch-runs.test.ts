import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import { cancelRun, describeRun, type Prisma } from '@kneepoint/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';
import { ProjectRuns, type RunListener } from './project-runs.ts';
import { watchRuns } from './watch-runs.ts';

let gateway: TestGateway;
let idle: number;
beforeAll(async () => {
  gateway = await openTestGateway();
  idle = gateway.bus.listeners;
  await gateway.db.prisma.project.create({ data: { id: 'other', name: 'other' } });
});
afterEach(() => {
  gateway.bus.deaf = false;
});
afterAll(() => gateway.close());

interface Told {
  readonly id: string;
  readonly seq: number;
  readonly state: string;
  readonly name: string | null;
}

/** Follows the runs of the default project; `next` gives what comes, or null after so long without. */
function follow(filter = '') {
  const client = gateway.socket();
  const events = client.iterate<{ runsUpdated: Told }>({
    query: `subscription { runsUpdated${filter} { id seq state name } }`,
  });
  let pending = events.next();
  return {
    async next(ms = 10_000): Promise<Told | null> {
      const event = await Promise.race([pending, sleep(ms, null)]);
      if (event === null) return null;
      pending = events.next();
      const { data, errors } = event.value as { data?: { runsUpdated: Told }; errors?: readonly Error[] };
      if (errors) throw new Error(JSON.stringify(errors));
      return data!.runsUpdated;
    },
    close: () => client.dispose(),
  };
}

const end = (id: string) => cancelRun(gateway.db, gateway.bus, id);

describe('a subscription to all runs', () => {
  it('begins with those that have not ended, then tells of each change of any, also of those that are new', async () => {
    const [older, newer] = [await seedRun(gateway), await seedRun(gateway)];
    const ended = await seedRun(gateway);
    await end(ended.id);
    const feed = follow();
    expect([await feed.next(), await feed.next()]).toMatchObject([
      { id: globalId('Run', older.id), state: 'QUEUED' },
      { id: globalId('Run', newer.id), state: 'QUEUED' },
    ]);
    await end(older.id);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', older.id), seq: older.seq + 1, state: 'CANCELED' });
    // What is said of a run that has ended is news, too.
    await describeRun(gateway.db, gateway.bus, ended.id, { name: 'the one before' });
    expect(await feed.next()).toMatchObject({ id: globalId('Run', ended.id), name: 'the one before' });
    await end(newer.id);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', newer.id), state: 'CANCELED' });
    expect(await feed.next(300)).toBeNull();
    await feed.close();
    await expect.poll(() => gateway.bus.listeners).toBe(idle);
  });

  it('hears within seconds of what no event has told, of new runs and of the end of others', async () => {
    const run = await seedRun(gateway);
    const feed = follow();
    await feed.next();
    gateway.bus.deaf = true;
    const other = await seedRun(gateway);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', other.id) });
    await end(run.id);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', run.id), state: 'CANCELED' });
    await end(other.id);
    await feed.close();
  });

  it('tells of what its filter names, and never of another project', async () => {
    const theirs = gateway.db.forProject('other');
    const [named, plain, foreign] = [
      await seedRun(gateway, { name: 'nightly', labels: ['team=vision', 'x=1'], tasks: ['yaw'] }),
      await seedRun(gateway),
      await seedRun({ ...gateway, db: theirs }, { name: 'nightly', labels: ['team=vision', 'x=1'], tasks: ['yaw'] }),
    ];
    const label = 'labels: [{ key: "team", value: "vision" }]';
    const feed = follow(`(filter: { name: "nightly", task: "yaw", ${label}, states: [QUEUED, CANCELED] })`);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', named.id) });
    await cancelRun(theirs, gateway.bus, foreign.id);
    await end(plain.id);
    await end(named.id);
    expect(await feed.next()).toMatchObject({ id: globalId('Run', named.id), state: 'CANCELED' });
    expect(await feed.next(300)).toBeNull();
    await feed.close();
  });

  it('gives the latest state of each run to who reads slowly', async () => {
    const projectRuns = new ProjectRuns(gateway);
    const [run, ...many] = await Promise.all(Array.from({ length: 3 }, () => seedRun(gateway)));
    const slow = watchRuns({ db: gateway.db, projectRuns }, {});
    for (let i = 0; i < 3; i++) await slow.next();
    for (const name of ['a', 'b', 'c']) await describeRun(gateway.db, gateway.bus, run!.id, { name });
    await sleep(500);
    expect((await slow.next()).value).toMatchObject({ name: 'c', seq: run!.seq + 3 });
    await slow.return(undefined);
    for (const { id } of [run!, ...many]) await end(id);
  });

  it('hears of what began and ended while it began itself, and outlives a moment without the database', async () => {
    let reads = 0;
    const during = async (what: Prisma.RunFindManyArgs): Promise<unknown> => {
      const rows = await gateway.db.prisma.run.findMany(what);
      reads += 1;
      if (reads === 1) await end((await seedRun(gateway)).id);
      if (reads === 3) throw new Failure('DATABASE_UNAVAILABLE', 'it restarts');
      return rows;
    };
    const run = { findMany: during } as unknown as typeof gateway.db.prisma.run;
    const db = { ...gateway.db, prisma: { run } as typeof gateway.db.prisma };
    const heard: string[] = [];
    const failed = vi.fn();
    const changed: RunListener['changed'] = ({ state, name }) => heard.push(`${state} ${name ?? ''}`);
    const leave = await new ProjectRuns({ db, bus: gateway.bus }).watch({ changed, failed });
    await expect.poll(() => heard).toEqual(['CANCELED ']);
    const later = await seedRun(gateway, { name: 'later' });
    await expect.poll(() => heard).toEqual(['CANCELED ', 'QUEUED later']);
    expect(reads).toBeGreaterThan(3);
    expect(failed).not.toHaveBeenCalled();
    await leave();
    await end(later.id);
  });

  it('ends for who leaves a thousand changed runs unread', async () => {
    const run = await seedRun(gateway);
    const row = await gateway.db.prisma.run.findUniqueOrThrow({ where: { id: run.id } });
    let tell: RunListener['changed'] = () => undefined;
    const watch = (listener: RunListener) => {
      tell = (changed) => listener.changed(changed);
      return Promise.resolve(() => Promise.resolve());
    };
    const states = watchRuns({ db: gateway.db, projectRuns: { watch } }, {});
    await states.next();
    for (let i = 0; i <= 1000; i++) tell({ ...row, id: `another ${i}`, seq: 1 });
    await expect(states.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_OVERRUN' });
    await end(run.id);
  });
});
