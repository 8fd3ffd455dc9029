import { describe, expect, it } from 'vitest';
import { syntheticCurve } from '../testing/index.ts';
import { withoutAvoided } from './avoid.ts';
import { joiningWorth } from './joining-worth.ts';

const FILTERS = 12;
const wanted = syntheticCurve(FILTERS, 1, { carriers: [0, 3, 5] });
const unwanted = syntheticCurve(FILTERS, 2, { carriers: [5, 7, 9] });
const all = Array.from({ length: FILTERS }, (_, filter) => filter);
const left = (more: { strength?: number; minFilters?: number; kept?: readonly number[] }) =>
  withoutAvoided({ kept: all, wanted: [wanted], avoided: [unwanted], strength: 1, minFilters: 1, ...more });

describe('without what carries an avoided task', () => {
  it('filters of the wanted task alone stay, those of the other alone go', () => {
    const stays = left({});
    expect(stays).toEqual(expect.arrayContaining([0, 3]));
    expect(stays).not.toContain(7);
    expect(stays).not.toContain(9);
  });

  it('what both carry goes when the strength says so', () => {
    expect(left({ strength: 0.01 })).toContain(5);
    expect(left({ strength: 100 })).not.toContain(5);
    // A stronger avoidance never keeps what a weaker one drops.
    const kept = [0.01, 0.5, 1, 2, 100].map((strength) => left({ strength }));
    kept.slice(1).forEach((stays, i) => expect(kept[i]).toEqual(expect.arrayContaining([...stays])));
  });

  it('the least number of filters stays, those that carry least of it', () => {
    const worth = joiningWorth(unwanted);
    expect(left({ kept: [7, 9], strength: 100 })).toEqual([worth[7]! < worth[9]! ? 7 : 9]);
    expect(left({ kept: [5, 7, 9], strength: 100, minFilters: 5 })).toEqual([5, 7, 9]);
  });

  it('nothing goes when nothing is to be avoided', () => {
    expect(withoutAvoided({ kept: all, wanted: [wanted], avoided: [], strength: 1, minFilters: 1 })).toEqual(all);
  });
});
