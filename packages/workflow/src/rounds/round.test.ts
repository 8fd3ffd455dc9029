import { describe, expect, it } from 'vitest';
import type { FinetuneOutput } from '../steps/finetune.ts';
import type { PruneOutput } from '../steps/prune.ts';
import { decideRound, type RoundHistory, shareLeft } from './round.ts';

const trained = (validation: number) =>
  ({ tasks: [{ task: 'pose', higherIsBetter: true, validation }] }) as unknown as FinetuneOutput;
const cut = (share: number, target: object | null = null) =>
  ({
    report: { target, before: { macs: 100, parameters: 1000 }, after: { macs: 100 * share, parameters: 500 * share } },
  }) as unknown as PruneOutput;
const history = (...made: readonly (readonly [share: number, validation: number])[]): RoundHistory => ({
  whole: trained(0.9),
  earlier: made.map(([share, validation]) => ({ prune: cut(share), finetune: trained(validation) })),
});
const keep = { share: 0.99 };

describe('a round', () => {
  it('towards a target cuts what the last one has trained, the first the whole network', () => {
    const target = { kind: 'macs', remove: 0.9 } as const;
    expect(decideRound({ target }, {}, history())).toEqual({ done: false, from: null, target });
    expect(decideRound({ target }, {}, history([0.2, 0.1]))).toEqual({ done: false, from: 0, target });
  });

  it('of a search goes on below the smallest network that keeps the goal', () => {
    expect(decideRound({ keep }, {}, history())).toEqual({
      done: false,
      from: null,
      target: { kind: 'macs', remove: 0.8 },
    });
    expect(decideRound({ keep }, {}, history([0.2, 0.92], [0.1, 0.9]))).toMatchObject({ done: false, from: 1 });
    expect(decideRound({ keep }, {}, history([0.2, 0.92], [0.1, 0.5]))).toMatchObject({ done: false, from: 0 });
  });

  it('that is the last of a search passes on the smallest that keeps the goal, or the best of those that do not', () => {
    const closing = { closing: true } as const;
    expect(decideRound({ keep }, closing, history([0.2, 0.92], [0.1, 0.9], [0.05, 0.4]))).toEqual({
      done: true,
      best: 1,
    });
    expect(decideRound({ keep }, closing, history([0.2, 0.5], [0.45, 0.7], [0.67, 0.6]))).toEqual({
      done: true,
      best: 1,
    });
  });

  it('after a search that is over passes on as well', () => {
    expect(decideRound({ keep }, {}, history([0.2, 0.92], [0.1, 0.92], [0.08, 0.5]))).toEqual({ done: true, best: 1 });
  });

  it('after one that could not be cut so small ends the search', () => {
    const made = history([0.2, 0.92], [0.1, 0.92]);
    const [first, second] = made.earlier;
    const stopped = {
      ...made,
      earlier: [first!, { ...second!, prune: { ...second!.prune, unreachable: true as const } }],
    };
    expect(decideRound({ keep }, {}, made)).toMatchObject({ done: false });
    expect(decideRound({ keep }, {}, stopped)).toEqual({ done: true, best: 1 });
  });

  it('counts what was asked for, so that a floor is met by a network that was asked to meet it, whatever came of it', () => {
    const target = { target: { kind: 'latency', remove: 0.9 }, before: 10, atMost: 1, reached: 1.04 };
    const made = { whole: trained(0.9), earlier: [{ prune: cut(0.1, target), finetune: trained(0.9) }] };
    expect(decideRound({ keep, target: { kind: 'latency', remove: 0.9 } }, { floor: 0.1 }, made)).toEqual({
      done: true,
      best: 0,
    });
  });

  it('of a search beside a target is about what the target is about', () => {
    const target = { kind: 'parameters', remove: 0.95 } as const;
    expect(decideRound({ keep, target }, { floor: 0.05 }, history())).toMatchObject({
      target: { kind: 'parameters', remove: 0.8 },
    });
  });
});

it('what is left of a network is of the kind that its target is about', () => {
  expect(shareLeft(cut(0.2))).toBe(0.2);
  expect(shareLeft(cut(0.2, { target: { kind: 'parameters', remove: 0.9 } }))).toBe(0.1);
  expect(shareLeft(cut(0.2, { target: { kind: 'latency', remove: 0.5 }, before: 4, reached: 1 }))).toBe(0.25);
});
