import type { ModelProto } from '@kneepoint/onnx';
import { costs, Graph } from '@kneepoint/onnx';
import { expect } from 'vitest';
import type { ChannelAnalysis } from '../analysis/analysis.ts';
import { analyzeChannels } from '../analysis/analysis.ts';
import type { Plan } from '../plan/plan.ts';
import { planCost } from '../plan/plan-cost.ts';
import { randomPlan } from '../plan/plan-by-criterion.ts';
import type { Proof } from '../proof/prove.ts';
import { prove } from '../proof/prove.ts';
import { prune } from '../surgery/prune.ts';
import type { Shapes } from '../trace/trace.ts';
import { measureShapes, noise, runBatches } from './ort.ts';

/** A model measured and analysed: several plans may be made of it. */
export interface Analysed {
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly analysis: ChannelAnalysis;
}

export interface Proved {
  readonly shapes: Shapes;
  readonly analysis: ChannelAnalysis;
  readonly plan: Plan;
  readonly pruned: ModelProto;
  readonly proof: Proof;
}

export async function analysed(model: ModelProto): Promise<Analysed> {
  const shapes = await measureShapes(model);
  return { model, shapes, analysis: analyzeChannels(model, shapes) };
}

/** Removes half of every layer's classes at random (or follows the plan given) and proves it on noise; batches of 2 and 1. */
export async function provePlan(model: ModelProto, make?: (analysis: ChannelAnalysis) => Plan): Promise<Proved> {
  const known = await analysed(model);
  return proveAnalysed(known, make ? make(known.analysis) : randomPlan(known.analysis, 0.5, 1));
}

/** Proves a plan on noise; batches of 2 and 1. */
export async function proveAnalysed({ model, shapes, analysis }: Analysed, plan: Plan): Promise<Proved> {
  const dims = shapes.get(new Graph(model).inputs[0]!.name)!;
  const images = [noise([2, ...dims.slice(1)], 11), noise([1, ...dims.slice(1)], 12, 2)];
  const proof = await prove({ model, shapes, plan, run: runBatches, images });
  return { shapes, analysis, plan, pruned: prune(model, shapes, plan), proof };
}

/** Every gate of a proof passed; on failure the gates' words are shown. */
export function expectProved({ gates, passed }: Proof): void {
  expect(Object.values(gates).flatMap((gate) => (gate.passed ? [] : [gate.detail]))).toEqual([]);
  expect(passed).toBe(true);
}

/** The pruned file, measured by running it, costs what the plan said without weights. */
export async function expectCostAsPlanned(model: ModelProto, { shapes, plan, pruned }: Proved): Promise<void> {
  const { parameters, macs, bytes } = costs(pruned, await measureShapes(pruned));
  expect({ parameters, macs, bytes }).toEqual(plan.after);
  const said = planCost(model, shapes, plan);
  expect({ parameters: said.parameters, macs: said.macs, bytes: said.bytes }).toEqual(plan.after);
}
