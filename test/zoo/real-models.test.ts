import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, freeBatch } from '@kneepoint/onnx';
import { groupsByTaps, planForTarget, planFromTaps, randomPlan } from '@kneepoint/pruning';
import { knee } from '@kneepoint/regression';
import { rankCurve } from '@kneepoint/workflow';
import { describe, expect, it } from 'vitest';
import {
  analysed,
  expectCostAsPlanned,
  expectProved,
  proveAnalysed,
} from '../../packages/pruning/src/testing/prove-plan.ts';
import { stripesCurves } from './curves.ts';

const data = process.env['KNEEPOINT_DATA'];

const answers = (output: string, ...layers: string[]) =>
  layers.map((layer) => [layer, `is the graph output ${output}`] as const);

/** Networks made by others, every layer of theirs that must stay whole and why, and what half of the other channels takes of the MACs at least. */
const MODELS = [
  {
    file: 'head-pose-estimation-adas-0001',
    loses: 0.7,
    stays: ['angle_p_fc', 'angle_r_fc', 'angle_y_fc'].flatMap((output) => answers(output, output)),
  },
  {
    file: 'slim-320',
    loses: 0.65,
    stays: [
      ...answers('scores', 'Conv_32', 'Conv_54', 'Conv_72', 'Conv_86'),
      ...answers('boxes', 'Conv_37', 'Conv_59', 'Conv_77', 'Conv_89'),
    ],
  },
  {
    file: 'seetaface-onet',
    loses: 0.65,
    stays: [
      ['Gemm_17', 'feeds Softmax_18 (Softmax), which normalises over channels'] as const,
      ...answers('output2', 'Gemm_19'),
    ],
  },
];

describe.runIf(data !== undefined && existsSync(join(data, 'models'))).each(MODELS)(
  '$file',
  ({ file, loses, stays }) => {
    it('loses half of its channels, then all past the knee, and what cannot go is named', async () => {
      const { model } = freeBatch(decodeModel(readFileSync(join(data!, 'models', `${file}.onnx`))));
      const known = await analysed(model);
      const { analysis } = known;
      const half = randomPlan(analysis, 0.5, 1);
      expect(1 - half.after.macs / half.before.macs).toBeGreaterThan(loses);
      expect(half.frozen.map(({ layer, reason }) => [layer, reason]).sort()).toEqual([...stays].sort());

      const curves = await stripesCurves(model, analysis.taps);
      const rankings = new Map([...curves].map(([layer, curve]) => [layer, rankCurve(curve)]));
      const keep = new Map([...curves].map(([layer, curve]) => [layer, knee(curve, 0.01).kept]));
      const telling = new Map([...keep].filter(([, kept]) => kept.length > 0));
      const target = planForTarget(analysis, groupsByTaps(analysis, rankings), {
        kind: 'macs',
        atMost: 0.4 * half.before.macs,
      });
      expect(target.after.macs / target.before.macs).toBeGreaterThan(0.38);
      expect(target.after.macs / target.before.macs).toBeLessThanOrEqual(0.4);

      for (const plan of [half, planFromTaps(analysis, telling, { rankings, minFilters: 8 }), target]) {
        const proved = await proveAnalysed(known, plan);
        expectProved(proved.proof);
        await expectCostAsPlanned(model, proved);
      }
    });
  },
);
