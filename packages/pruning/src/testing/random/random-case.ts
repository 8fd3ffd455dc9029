import type { ModelProto, Random } from '@kneepoint/onnx';
import { encodeModel, seededRandom } from '@kneepoint/onnx';
import type { ChannelAnalysis } from '../../analysis/analysis.ts';
import { analyzeChannels } from '../../analysis/analysis.ts';
import type { Plan } from '../../plan/plan.ts';
import { randomPlan } from '../../plan/plan-by-criterion.ts';
import type { BatchOutputs } from '../../proof/compare.ts';
import { compareOutputs, inputDependence } from '../../proof/compare.ts';
import { mask } from '../../surgery/mask.ts';
import { prune } from '../../surgery/prune.ts';
import type { TraceOptions } from '../../trace/trace.ts';
import { measureShapes, noise, runBatches } from '../ort.ts';
import { randomGraph, SIZE } from './random-graph.ts';

/** How a random graph pruned by a random plan compares to the masked one. */
export interface RandomCase {
  readonly analysis: ChannelAnalysis;
  readonly plan: Plan;
  /** Largest difference of an output over its own largest magnitude. */
  readonly mismatch: number;
  /** How far two images move the outputs, over their magnitude: the least of the outputs. */
  readonly dependence: number;
  /** What one class left out of the mask changes; undefined where nothing is removed or it was not asked for. */
  readonly leftOut?: number;
}

/** Draws and runs the case of a seed. With `control` a removed class is left out of the mask too. */
export async function randomCase(seed: number, control: boolean): Promise<RandomCase> {
  const model = randomGraph(seed);
  const random = seededRandom(seed ^ 0x5bd1e995);
  const shapes = await measureShapes(model);
  const analysis = analyzeChannels(model, shapes, options(model, random));
  const ratio = [0.3, 0.5, 0.8][Math.floor(3 * random.uniform())]!;
  const plan = randomPlan(analysis, ratio, seed);
  const outputs = (graph: ModelProto) => runCase(graph, seed);
  const pruned = await outputs(prune(model, shapes, plan));
  const masked = await outputs(mask(model, shapes, plan));
  const { maxRelDiff: mismatch, perOutput } = compareOutputs(pruned, masked);
  const moved = inputDependence(masked);
  const dependence = Math.min(...perOutput.map(({ name, scale }) => (moved.get(name) ?? 0) / Math.max(scale, 1e-30)));
  const { removedClasses } = plan;
  if (!control || removedClasses.length === 0) return { analysis, plan, mismatch, dependence };
  const leaveOut = removedClasses[Math.floor(removedClasses.length * random.uniform())]!;
  const leftOut = compareOutputs(pruned, await outputs(mask(model, shapes, plan, { leaveOut }))).maxRelDiff;
  return { analysis, plan, mismatch, dependence, leftOut };
}

/** A batch of two images, and one image alone. */
async function runCase(model: ModelProto, seed: number): Promise<BatchOutputs> {
  const feeds = [2, 1].map((images) => {
    const dims = [images, 2, SIZE, SIZE];
    return [{ name: 'image', dims, data: noise(dims, seed + images) }];
  });
  return { images: [2, 1], results: await runBatches(encodeModel(model), feeds) };
}

function options(model: ModelProto, random: Random): TraceOptions {
  const draw = random.uniform();
  if (draw < 0.5) return {};
  if (draw < 0.7) return { grouped: 'groups' };
  const convolutions = model.graph!.node.filter((node) => node.opType === 'Conv');
  const importance = convolutions.map(
    (node) => [node.name, Array.from({ length: 64 }, () => random.normal())] as const,
  );
  return { grouped: 'rank', importance: Object.fromEntries(importance) };
}
