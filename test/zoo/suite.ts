import { inputSpec } from '@kneepoint/onnx';
import type { Plan, Rankings } from '@kneepoint/pruning';
import { planFromTaps, plansForTarget, randomPlan } from '@kneepoint/pruning';
import { type CharacteristicCurve, knee } from '@kneepoint/regression';
import { rankCurve } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Analysed,
  analysed,
  expectCostAsPlanned,
  expectProved,
  proveAnalysed,
} from '../../packages/pruning/src/testing/prove-plan.ts';
import { drawnGroups } from '../../packages/pruning/src/testing/drawn-groups.ts';
import { stripesCurves } from './curves.ts';
import { ZOO, type ZooNetwork } from './networks/index.ts';

const EPSILON = 0.01;
/** Share of what a layer can lose below which it may be cut to any width. */
const NEXT_TO_NOTHING = 1e-3;
const LEAST_FILTERS = 8;

/** Every promise about the networks chosen, each of which is made, measured and analysed once. */
export function testNetworks(chosen: (network: ZooNetwork) => boolean): void {
  const networks = Object.entries(ZOO).flatMap(([name, network]) => (chosen(network) ? [{ name, ...network }] : []));
  describe.each(networks)('$name', ({ make, size, parameters }) => {
    let known: Analysed;
    let curves: ReadonlyMap<string, CharacteristicCurve>;
    beforeAll(async () => {
      known = await analysed(make(1, size));
    });
    afterAll(() => {
      known = undefined!;
      curves = undefined!;
    });

    it('has the parameters of the published network', () => {
      expect(randomPlan(known.analysis, 0, 1).before.parameters).toBe(parameters);
      expect(inputSpec(known.model)).toMatchObject({ height: size, width: size });
    });

    it('cut in half at random equals the masked one and costs what the plan said; only outputs stay', async () => {
      const plan = randomPlan(known.analysis, 0.5, 1);
      await expectSurgery(known, plan);
      expect(1 - plan.after.macs / plan.before.macs).toBeGreaterThan(LOSES);
      expect(new Set(plan.frozen.map(({ op }) => op))).toEqual(new Set(['graph output']));
    });

    it('cut at the knee of every layer equals the masked one and costs what the plan said', async () => {
      curves = await stripesCurves(known.model, known.analysis.taps);
      const knees = [...curves].map(([layer, curve]) => [layer, knee(curve, EPSILON)] as const);
      const keep = new Map(knees.flatMap(([layer, { filters, kept }]) => (filters > 0 ? [[layer, kept]] : [])));
      const plan = planFromTaps(known.analysis, keep, { rankings: rankings(curves), minFilters: LEAST_FILTERS });
      expect(plan.after.macs).toBeLessThan(0.7 * plan.before.macs);
      await expectSurgery(known, plan);
    });

    it.each([60, 80, 95])(
      'comes within two points of %d percent fewer multiply-accumulates, and empties no layer',
      (percent) => {
        const { before } = randomPlan(known.analysis, 0, 1);
        const left = 1 - percent / 100;
        const groups = drawnGroups(known.analysis, percent);
        const [{ plan }, ...others] = plansForTarget(known.analysis, groups, {
          kind: 'macs',
          atMost: left * before.macs,
        });
        expect(plan.after.macs / before.macs).toBeLessThanOrEqual(left);
        expect(plan.after.macs / before.macs).toBeGreaterThan(left - 0.02);
        const alike = (others[0]?.plan ?? plan).layers.map(({ kept }) => kept.length);
        plan.layers.forEach(({ kept, damage, even }, i) => {
          if (even === undefined) expect(kept.length).toBeGreaterThanOrEqual(Math.floor(alike[i]! / 4));
          else expect(damage).toBeLessThanOrEqual(NEXT_TO_NOTHING);
        });
      },
    );
  });
}

/** Share of the multiply-accumulates that go with half of all channels: near three quarters where nothing stands in the way. */
const LOSES = 0.65;

async function expectSurgery(known: Analysed, plan: Plan): Promise<void> {
  const proved = await proveAnalysed(known, plan);
  expectProved(proved.proof);
  await expectCostAsPlanned(known.model, proved);
}

function rankings(curves: ReadonlyMap<string, CharacteristicCurve>): Rankings {
  return new Map([...curves].map(([layer, curve]) => [layer, rankCurve(curve)]));
}
