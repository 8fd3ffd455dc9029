import { performance } from 'node:perf_hooks';
import { costs, dimsOf, freeBatch, Graph, seededRandom, validateGraph, volume } from '@kneepoint/onnx';
import type { Plan, PlanFigures } from '@kneepoint/pruning';
import { analyzeChannels, prove, prune, randomPlan } from '@kneepoint/pruning';
import { readModelFile, runBatches, shapesOf } from '@kneepoint/runtime';

export interface PruneInput {
  readonly path: string;
  readonly ratio: number;
  readonly seed: number;
}

/** What pruning a network at random came to. */
export interface Pruned {
  readonly layers: number;
  readonly prunable: number;
  /** Layers that stay whole: how many by the operator in the way, with one of the reasons in words. */
  readonly frozen: readonly { readonly op: string; readonly layers: number; readonly example: string }[];
  readonly before: PlanFigures;
  readonly after: PlanFigures;
  readonly proved: boolean;
  /** Largest difference between surgery and masking over the largest output: with the file's weights, with fresh ones. */
  readonly difference: number;
  readonly heDifference: number;
  /** Gates that did not pass, in words. */
  readonly failed: readonly string[];
  readonly seconds: number;
  /** The largest resident set of the process, bytes. */
  readonly memory: number;
}

/** Removes `ratio` of every layer's classes at random, proves that equal to masking, and checks the file against the plan's figures. */
export default async function pruneNetwork({ path, ratio, seed }: PruneInput): Promise<Pruned> {
  const started = performance.now();
  const original = await readModelFile(path);
  validateGraph(original);
  const { model } = freeBatch(original);
  const shapes = await shapesOf(model);
  const analysis = analyzeChannels(model, shapes);
  const plan = randomPlan(analysis, ratio, seed);
  const input = new Graph(model).inputs[0]!;
  const perImage = volume(shapes.get(input.name)!.slice(1));
  // Where the batch stays fixed, one image at a time.
  const batches = dimsOf(input)[0] === 1 ? [1, 1] : [2, 1];
  const images = batches.map((count, i) => noise(count * perImage, seed + i));
  const proof = await prove({ model, shapes, plan, run, images, seed });
  const cut = prune(model, shapes, plan);
  const { parameters, macs } = costs(cut, await shapesOf(cut));
  const asPlanned = parameters === plan.after.parameters && macs === plan.after.macs;
  const reasons = new Map<string, Plan['frozen'][number][]>();
  for (const found of plan.frozen) reasons.set(found.op, [...(reasons.get(found.op) ?? []), found]);
  return {
    layers: analysis.layers.length,
    prunable: analysis.layers.filter((layer) => layer.prunable).length,
    frozen: [...reasons]
      .map(([op, found]) => ({ op, layers: found.length, example: `${found[0]!.layer} ${found[0]!.reason}` }))
      .sort((a, b) => b.layers - a.layers),
    before: plan.before,
    after: plan.after,
    proved: proof.passed && asPlanned,
    difference: proof.maxRelDiff,
    heDifference: proof.he.maxRelDiff,
    failed: [
      ...Object.entries(proof.gates).flatMap(([name, gate]) => (gate.passed ? [] : [`${name}: ${gate.detail}`])),
      ...(asPlanned ? [] : [`the file has ${parameters} parameters and ${macs} MACs, which is not what was planned`]),
    ],
    seconds: (performance.now() - started) / 1000,
    memory: process.resourceUsage().maxRSS * 1024,
  };
}

const run = runBatches({ arena: false, threads: 1 });

function noise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => random.normal());
}
