import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelLabels } from '../labels/channel-labels.ts';
import type { Site } from '../trace/site.ts';
import { tieGroups } from './tie-groups.ts';

interface Given {
  readonly groups: number;
  readonly size: number;
  /** Positions that are tied before. */
  readonly tied?: readonly (readonly number[])[];
  /** Positions that stay for ever. */
  readonly stay?: readonly number[];
  /** By position. */
  readonly importance?: readonly number[];
}

/** The classes of the channels after the tie, as positions, those that stay left out. */
function classesOf({ groups, size, tied = [], stay = [], importance = [] }: Given): readonly (readonly number[])[] {
  const labels = new ChannelLabels();
  const own = labels.fresh(groups * size);
  for (const [first, ...others] of tied) for (const other of others) labels.union(own[first!]!, own[other]!);
  for (const position of stay) labels.freeze(own[position]!, { node: 'n', op: 'Resize', text: 'it stays' });
  const site = { labels, importance: (label: number) => importance[own.indexOf(label)] ?? 0 };
  tieGroups(site as unknown as Site, own, groups);
  const found = new Map<number, number[]>();
  own.forEach((label, position) => {
    if (labels.reason(label)) return;
    const root = labels.find(label);
    found.set(root, [...(found.get(root) ?? []), position]);
  });
  return [...found.values()];
}

describe('channels of groups', () => {
  it('meet by importance, and by position where that is silent', () => {
    expect(classesOf({ groups: 2, size: 3 })).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect(classesOf({ groups: 2, size: 3, importance: [3, 1, 2, 10, 30, 20] })).toEqual([
      [0, 4],
      [1, 3],
      [2, 5],
    ]);
  });

  it('that stay for ever meet each other, so that the fewest stay', () => {
    expect(classesOf({ groups: 2, size: 3, stay: [1, 5], importance: [9, 5, 1, 9, 8, 0] })).toEqual([
      [0, 3],
      [2, 4],
    ]);
  });

  it('that are tied across all groups already are left as they are', () => {
    const tied = [
      [0, 5],
      [1, 3],
    ];
    expect(classesOf({ groups: 2, size: 3, tied, importance: [0, 1, 2, 5, 4, 3] })).toEqual([
      [0, 5],
      [1, 3],
      [2, 4],
    ]);
  });

  it('that lie across some groups are completed by what fits into what the others lack', () => {
    const tied = [
      [0, 1, 4],
      [2, 3, 8],
      [5, 9, 10],
      [6, 7, 11],
    ];
    expect(classesOf({ groups: 3, size: 4, tied })).toEqual([
      [0, 1, 4, 5, 9, 10],
      [2, 3, 6, 7, 8, 11],
    ]);
  });

  it('are as many in every group, whatever is tied before and whatever goes', () => {
    const given = fc.record({ groups: fc.integer({ min: 2, max: 5 }), size: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(given, fc.array(fc.tuple(fc.nat(), fc.nat())), ({ groups, size }, pairs) => {
        const tied = pairs.map((pair) => pair.map((position) => position % (groups * size)));
        for (const positions of classesOf({ groups, size, tied })) {
          const counts = Array.from({ length: groups }, (_, group) =>
            positions.filter((position) => Math.floor(position / size) === group),
          );
          expect(new Set(counts.map(({ length }) => length)).size).toBe(1);
        }
      }),
    );
  });
});
