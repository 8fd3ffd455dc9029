import { describe, expect, it } from 'vitest';
import { Gate, type GateBounds, shareOf } from './gate.ts';

const gateOf = (bounds: Partial<GateBounds>): Gate => new Gate({ atOnce: 4, waiting: 4, weight: 100, ...bounds });
const of = (tenant: string, weight = 1) => ({ tenant, weight });

describe('a gate', () => {
  it('lets so many in, the next when one leaves, in the order in which they came', async () => {
    const gate = gateOf({ atOnce: 3 });
    const leaves = [await gate.enter(of('a'), 1000), await gate.enter(of('a'), 1000)];
    const order: string[] = [];
    const third = gate.enter(of('a'), 1000).then((leave) => (order.push('third'), leave));
    const fourth = gate.enter(of('a'), 1000).then((leave) => (order.push('fourth'), leave));
    await Promise.resolve();
    expect(order).toEqual([]);
    leaves[0]!();
    const leave = await third;
    expect(order).toEqual(['third']);
    leave();
    await fourth;
    expect(order).toEqual(['third', 'fourth']);
  });

  it('turns away who would have to wait behind too many, at once and by code', async () => {
    const gate = gateOf({ atOnce: 1, waiting: 1 });
    const leave = await gate.enter(of('a'), 1000);
    const waiting = gate.enter(of('a'), 1000);
    await expect(gate.enter(of('b'), 1000)).rejects.toMatchObject({ code: 'SERVER_BUSY', retryable: true });
    leave();
    (await waiting)();
    await gate.enter(of('a'), 1000);
  });

  it('turns away whose turn does not come in time, and forgets them', async () => {
    const gate = gateOf({ atOnce: 1, waiting: 1 });
    const leave = await gate.enter(of('a'), 1000);
    await expect(gate.enter(of('a'), 5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    leave();
    await gate.enter(of('a'), 5);
  });

  it('counts who leaves twice once', async () => {
    const gate = gateOf({ atOnce: 1, waiting: 0 });
    const leave = await gate.enter(of('a'), 5);
    leave();
    leave();
    await gate.enter(of('a'), 5);
    await expect(gate.enter(of('a'), 5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  });

  it('leaves room for others, inside and among those who wait, whatever one tenant asks for', async () => {
    const gate = gateOf({ atOnce: 4, waiting: 4 });
    const asked = Array.from({ length: 20 }, () =>
      gate.enter(of('greedy'), 50).then(
        () => 'in',
        () => 'busy',
      ),
    );
    // Three of four places inside are the greedy one's, and three of four to wait.
    const leave = await gate.enter(of('modest'), 5);
    const next = gate.enter(of('modest'), 1000);
    const waiting = gate.enter(of('modest'), 1000);
    await expect(waiting).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    leave();
    await next;
    const ends = await Promise.all(asked);
    expect(ends.filter((end) => end === 'in')).toHaveLength(3);
    expect([1, 2, 3, 4, 16, 128].map(shareOf)).toEqual([1, 1, 2, 3, 12, 96]);
    expect(shareOf(0)).toBe(0);
  });

  it('gives a free place to who has the fewest inside, not to who came first', async () => {
    const gate = gateOf({ atOnce: 2, waiting: 8 });
    const leave = await gate.enter(of('a'), 1000);
    await gate.enter(of('b'), 1000);
    const order: string[] = [];
    void gate.enter(of('b'), 1000).then(() => order.push('b'));
    void gate.enter(of('c'), 1000).then(() => order.push('c'));
    leave();
    await Promise.resolve().then(() => undefined);
    expect(order).toEqual(['c']);
  });

  it('lets what weighs much in one at a time, what weighs little meanwhile, and what weighs more than all room alone', async () => {
    const gate = gateOf({ atOnce: 8, waiting: 8, weight: 100 });
    const leave = await gate.enter(of('a', 80), 5);
    await expect(gate.enter(of('a', 80), 5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    const heavy = gate.enter(of('a', 80), 1000);
    const light = await gate.enter(of('a', 20), 5);
    leave();
    light();
    const alone = gate.enter(of('a', 500), 1000);
    (await heavy)();
    await alone;
    await expect(gate.enter(of('b', 1), 5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  });
});
