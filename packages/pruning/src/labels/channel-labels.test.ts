import { describe, expect, it } from 'vitest';
import { ChannelLabels } from './channel-labels.ts';

const because = (node: string) => ({ node, op: 'Op', text: `feeds ${node}` });

describe('channel labels', () => {
  it('are each alone until tied, however many there are', () => {
    const labels = new ChannelLabels();
    const all = labels.fresh(5000);
    expect(new Set(Array.from(all, (label) => labels.find(label))).size).toBe(5000);
    for (let i = 2; i < all.length; i++) labels.union(all[i]!, all[i - 2]!);
    expect(new Set(Array.from(all, (label) => labels.find(label))).size).toBe(2);
  });

  it('a frozen class freezes what is tied to it, and both keep their own members', () => {
    const labels = new ChannelLabels();
    const [a, b, c] = labels.fresh(3) as unknown as [number, number, number];
    labels.freeze(a, because('x'));
    labels.union(a, b);
    expect(labels.reason(b)).toEqual(because('x'));
    expect(labels.find(a)).not.toBe(labels.find(b));
    expect(labels.reason(c)).toBeUndefined();
  });

  it('a class tied before it is frozen is frozen as a whole, and the first reason stays', () => {
    const labels = new ChannelLabels();
    const [a, b] = labels.fresh(2) as unknown as [number, number];
    labels.union(a, b);
    labels.freeze(b, because('x'));
    labels.freeze(a, because('y'));
    expect(labels.reason(a)).toEqual(because('x'));
  });
});
