import { describe, expect, it } from 'vitest';
import { randomCase } from '../testing/random/random-case.ts';

/** KNEEPOINT_CASES asks for another number of cases than a run of all tests draws, KNEEPOINT_SEED for other ones. */
const cases = Number(process.env.KNEEPOINT_CASES ?? 2000);
const first = Number(process.env.KNEEPOINT_SEED ?? 1);

/** Largest difference allowed, relative to the largest output. */
const TOLERANCE = 1e-5;
/** A class left out of the mask must change the output by this many tolerances to count as noticed. */
const NOTICED = 10 * TOLERANCE;
/** An output that moves by this share of its size between two images depends on them. */
const DEPENDS = 1e-3;
/** Every so many cases a class is left out of the mask. */
const CONTROL = 5;
/** Cases in one test, so that a slow machine stays within a test's time. */
const PART = 250;

const seen = { cases: 0, pruned: 0, depending: 0, controls: 0, noticed: 0 };

async function tryCase(seed: number): Promise<string[]> {
  try {
    const { plan, mismatch, dependence, leftOut } = await randomCase(seed, seed % CONTROL === 0);
    seen.cases++;
    if (plan.removedClasses.length > 0) seen.pruned++;
    if (dependence > DEPENDS) seen.depending++;
    if (leftOut !== undefined) seen.controls++;
    if (leftOut !== undefined && leftOut > NOTICED) seen.noticed++;
    return mismatch <= TOLERANCE ? [] : [`seed ${seed}: relative difference ${mismatch.toExponential(2)}`];
  } catch (error) {
    return [`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

describe('random graphs pruned by random plans', () => {
  const parts = Array.from({ length: Math.ceil(cases / PART) }, (_, part) => first + part * PART);
  it.each(parts)(
    'equal the masked ones (seeds from %d)',
    async (start) => {
      const failed: string[] = [];
      for (let seed = start; seed < Math.min(start + PART, first + cases); seed++)
        failed.push(...(await tryCase(seed)));
      expect(failed).toEqual([]);
    },
    300_000,
  );

  it('put something at stake, and would show a difference', () => {
    expect(seen.pruned).toBeGreaterThan(0.9 * seen.cases);
    expect(seen.depending).toBeGreaterThan(0.9 * seen.cases);
    // A channel can be dead on the images at hand.
    expect(seen.noticed).toBeGreaterThan(0.8 * seen.controls);
  });
});
