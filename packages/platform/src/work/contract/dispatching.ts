import { beforeAll, expect, it } from 'vitest';
import type { Bus } from '../../bus/bus.ts';
import { MemoryBus } from '../../bus/memory-bus.ts';
import { launchRun } from '../launch-run.ts';
import { startDispatcher } from '../start-dispatcher.ts';
import { plan, type World } from './world.ts';

export function dispatching(world: World): void {
  beforeAll(async () => {
    await world.renew();
  });

  async function launch(service: string, count = 1): Promise<string[]> {
    const steps = Array.from({ length: count }, (_, index) => plan(service, { ref: `${index}` }));
    const run = await launchRun(world.db, { kind: 'TEST', input: {}, steps });
    return (await world.steps(run.id)).map(({ id }) => id);
  }

  it('publishes in order, each once, however many dispatchers there are', async () => {
    const bus = new MemoryBus();
    const seen: string[] = [];
    await bus.consume('many', ({ id }) => Promise.resolve(void seen.push(id)), { concurrency: 1 });
    const ids = await launch('many', 150);
    const alone = startDispatcher(world.db, bus, { everyMs: 20 });
    await world.until(
      () => world.db.prisma.outbox.count(),
      (count) => count === 0,
    );
    await alone.stop();
    expect(seen).toEqual(ids.map((id) => `${id}:1`));

    const several = [1, 2, 3].map(() => startDispatcher(world.db, bus, { everyMs: 20 }));
    const more = await launch('many', 150);
    await world.until(
      () => world.db.prisma.outbox.count(),
      (count) => count === 0,
    );
    await Promise.all(several.map((dispatcher) => dispatcher.stop()));
    await world.until(
      () => Promise.resolve(seen),
      ({ length }) => length === 300,
    );
    expect(new Set(seen.slice(150))).toEqual(new Set(more.map((id) => `${id}:1`)));
    await bus.close();
  });

  it('publishes at once what this process writes', async () => {
    const bus = new MemoryBus();
    const seen: string[] = [];
    await bus.consume('now', ({ id }) => Promise.resolve(void seen.push(id)), { concurrency: 1 });
    const dispatcher = startDispatcher(world.db, bus, { everyMs: 0 });
    await launch('now');
    await world.until(
      () => Promise.resolve(seen),
      ({ length }) => length === 1,
      10_000,
    );
    await dispatcher.stop();
    await bus.close();
  });

  it('publishes again what a bus took without saying so, under the same id', async () => {
    const bus = new MemoryBus();
    const published: string[] = [];
    let crash = true;
    const crashing = new Proxy(bus, {
      get(target, name) {
        if (name === 'publish') {
          return async (...[subject, message, options]: Parameters<Bus['publish']>) => {
            published.push(options.id);
            await target.publish(subject, message, options);
            if (crash) throw new Error('the connection broke before the answer');
          };
        }
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const delivered: string[] = [];
    await bus.consume('crash', ({ id }) => Promise.resolve(void delivered.push(id)), { concurrency: 1 });
    const [id] = await launch('crash');
    const dispatcher = startDispatcher(world.db, crashing, { everyMs: 20 });
    await world.until(
      () => Promise.resolve(published),
      ({ length }) => length === 1,
    );
    expect(await world.db.prisma.outbox.count()).toBe(1);
    crash = false;
    await world.until(
      () => world.db.prisma.outbox.count(),
      (count) => count === 0,
    );
    await dispatcher.stop();
    expect(published).toEqual([`${id}:1`, `${id}:1`]);
    expect(delivered).toEqual([`${id}:1`]);
    await bus.close();
  });

  it('takes over what a dispatcher held that died', async () => {
    const bus = new MemoryBus();
    const delivered: string[] = [];
    await bus.consume('dead', ({ id }) => Promise.resolve(void delivered.push(id)), { concurrency: 1 });
    const [id] = await launch('dead');
    // What a dead dispatcher leaves: the row, hidden for a while.
    await world.db.prisma.$executeRaw`UPDATE outbox SET available_at = clock_timestamp() + interval '1500 ms'`;
    const dispatcher = startDispatcher(world.db, bus, { everyMs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(delivered).toEqual([]);
    await world.until(
      () => Promise.resolve(delivered),
      ({ length }) => length === 1,
    );
    expect(delivered).toEqual([`${id}:1`]);
    await dispatcher.stop();
    await bus.close();
  });
}
