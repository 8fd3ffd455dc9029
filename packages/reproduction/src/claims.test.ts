import { describe, expect, it } from 'vitest';
import type { Claim, Verdict } from './claim.ts';
import { claimsOf } from './claims.ts';
import { figuresOf } from './figures/figures.ts';
import { pageOf } from './page.ts';
import type { Reproduction } from './results.ts';
import { madeCut, madeResults } from './testing/made-results.ts';

const made = madeResults();

function verdicts(results: Reproduction, words: RegExp): readonly Verdict[] {
  return claimsOf(results)
    .filter(({ claim }: Claim) => words.test(claim))
    .map(({ verdict }) => verdict);
}

describe('claims', () => {
  it('all hold of results that are as the paper has them', () => {
    expect(claimsOf(made).filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
  });

  it.each<[string, RegExp, Partial<Reproduction>]>([
    [
      'a matrix that is no better than chance',
      /never trained for/,
      { matrix: made.matrix.map((cell) => ({ ...cell, value: cell.chance, interval: null })) },
    ],
    [
      'other networks that do better',
      /does it best/,
      { matrix: made.matrix.map((cell) => ({ ...cell, reductionPercent: -1 })) },
    ],
    ['a slow regression', /Least squares/, { timing: { ...made.timing, lastLayerSeconds: 10 } }],
    [
      'a regression that is far behind',
      /Least squares/,
      { transfer: made.transfer.map((entry) => ({ ...entry, regression: 0.5 })) },
    ],
    [
      'scores that mislead',
      /foresees/,
      { rankings: [{ ...made.rankings[0]!, scores: [{ score: 'probe', rho: -0.2 }] }] },
    ],
    [
      'tasks that all keep everything',
      /different filters/,
      {
        distribution: {
          ...made.distribution,
          tasks: made.distribution.tasks.map(({ task }) => ({ task, kept: [...Array(16).keys()] })),
        },
      },
    ],
    [
      'filters that answer to no side',
      /turned to one side/,
      { responses: { ...made.responses!, explained: [0, 0.5, 0] } },
    ],
    ['a spread task with the lower knee', /localised/, { curves: [...made.curves].reverse() }],
    ['large networks', /FLOPs/, { cuts: [], light: [madeCut('light-yaw', 'yaw', 0.01, 190_000)] }],
    [
      'networks that are no faster',
      /ten times faster/,
      { cuts: [0.1, 0.01, 0.001].map((epsilon) => madeCut('vgg-identity', 'yaw', epsilon, 100_000)) },
    ],
    [
      'an identity that can still be read',
      /agnostic/,
      {
        agnostic: {
          ...made.agnostic!,
          tasks: made.agnostic!.tasks.map((entry) => ({ ...entry, after: entry.before })),
        },
      },
    ],
  ])('do not hold of %s', (_, words, change) => {
    expect(new Set(verdicts({ ...made, ...change }, words))).toEqual(new Set(['does not hold here']));
  });

  it('cannot be told of tasks that the network does not tell', () => {
    const cuts = made.cuts.map((cut) => {
      const { metric } = cut.result;
      const probe = metric.higherIsBetter ? metric.chance : 0.995 * metric.chance;
      return { ...cut, result: { ...cut.result, metric: { ...metric, probe } } };
    });
    const told = verdicts({ ...made, cuts }, /VGG-Face for|middle one|as good as|is worth keeping|ten times faster/);
    expect(new Set(told)).toEqual(new Set(['cannot be told']));
    const flat = made.curves.map((curve, i) => {
      const layers = curve.layers.map((layer) => ({
        ...layer,
        points: layer.points.map((point) => ({ ...point, rmse: 30 + 0.01 * point.filters })),
      }));
      return i === 1 ? { ...curve, layers } : curve;
    });
    expect(verdicts({ ...made, curves: flat }, /localised/)).toEqual(['cannot be told']);
  });

  it('cannot be told where nothing was measured', () => {
    const bare = { ...made, transfer: [], rankings: [], agnostic: null, small: [], cuts: [], light: [] };
    const silent = claimsOf({ ...bare, timing: { ...made.timing, headSeconds: null } });
    expect(silent.filter(({ verdict }) => verdict === 'cannot be told').length).toBeGreaterThanOrEqual(9);
    for (const { said } of silent) expect(said).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('the page', () => {
  it('shows every figure, and only figures that are there', () => {
    const figures = figuresOf(made);
    const page = pageOf(made, claimsOf(made), figures);
    const named = new Set([...page.matchAll(/figures\/([a-z0-9-]+)\.svg/g)].map(([, name]) => name));
    expect(named).toEqual(new Set(figures.map(({ name }) => name)));
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    for (const { svg } of figures) {
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
      expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*>\n<title>[^<]+<\/title>/);
    }
  });
});
