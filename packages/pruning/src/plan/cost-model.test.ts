import { seededRandom, smallNets } from '@kneepoint/onnx';
import { describe, expect, it } from 'vitest';
import { analyzeChannels } from '../analysis/analysis.ts';
import { measureShapes } from '../testing/ort.ts';
import { classGroups } from './class-groups.ts';
import { CostModel } from './cost-model.ts';
import { costTerms } from './cost-terms.ts';
import { costAfter } from './make-plan.ts';

/** Bytes of shape constants that surgery may write or drop. */
const SHAPE_CONSTANTS = 200;

describe.each(Object.keys(smallNets))('the cost of %s without some classes', (name) => {
  it('is told without cutting', async () => {
    const model = smallNets[name]!(1);
    const analysis = analyzeChannels(model, await measureShapes(model));
    const groups = classGroups(analysis);
    const random = seededRandom(5);
    const models = (['macs', 'parameters', 'bytes'] as const).map((kind) => ({
      kind,
      cost: new CostModel(costTerms(analysis, kind), groups),
    }));
    for (let trial = 0; trial < 6; trial++) {
      const kept = groups.map((ids) => 1 + Math.floor(random.uniform() * ids.length));
      const removed = new Set(groups.flatMap((ids, group) => ids.slice(kept[group])));
      const exact = costAfter(analysis, removed);
      for (const { kind, cost } of models) {
        kept.forEach((k, group) => cost.keep(group, k));
        const off = Math.abs(cost.total() - exact[kind]);
        if (kind === 'bytes') expect(off).toBeLessThan(SHAPE_CONSTANTS);
        else expect(off).toBeLessThan(1e-6 * exact[kind]);
      }
    }
  });
});
