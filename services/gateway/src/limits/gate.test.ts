import { describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';

describe('a gate', () => {
  it('lets so many in, the next when one leaves, in the order in which they came', async () => {
    const gate = new Gate({ atOnce: 2, waiting: 2 });
    const leaves = [await gate.enter(1000), await gate.enter(1000)];
    const order: string[] = [];
    const third = gate.enter(1000).then((leave) => (order.push('third'), leave));
    const fourth = gate.enter(1000).then((leave) => (order.push('fourth'), leave));
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
    const gate = new Gate({ atOnce: 1, waiting: 1 });
    const leave = await gate.enter(1000);
    const waiting = gate.enter(1000);
    await expect(gate.enter(1000)).rejects.toMatchObject({ code: 'SERVER_BUSY', retryable: true });
    leave();
    (await waiting)();
    await gate.enter(1000);
  });

  it('turns away whose turn does not come in time, and forgets them', async () => {
    const gate = new Gate({ atOnce: 1, waiting: 1 });
    const leave = await gate.enter(1000);
    await expect(gate.enter(5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    leave();
    await gate.enter(5);
  });

  it('counts who leaves twice once', async () => {
    const gate = new Gate({ atOnce: 1, waiting: 0 });
    const leave = await gate.enter(5);
    leave();
    leave();
    await gate.enter(5);
    await expect(gate.enter(5)).rejects.toMatchObject({ code: 'SERVER_BUSY' });
  });
});
