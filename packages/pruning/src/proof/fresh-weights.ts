import type { ModelProto } from '@kneepoint/onnx';
import { cloneModel, encodeModel } from '@kneepoint/onnx';
import type { Shapes } from '../trace/trace.ts';
import type { ProofBatch, RunModel } from './batches.ts';
import { runAll } from './batches.ts';
import type { BatchOutputs } from './compare.ts';
import { compareOutputs, inputDependence } from './compare.ts';
import { heInitialise } from './he-initialise.ts';
import { levelSignals } from './level-signals.ts';

export interface FreshInput {
  readonly model: ModelProto;
  readonly shapes: Shapes;
  readonly batches: readonly ProofBatch[];
  readonly run: RunModel;
  readonly seed: number;
  /** The network that the weights must be lively in: with what a plan removes masked. */
  readonly masked: (model: ModelProto) => ModelProto;
}

/** New weights, and what the masked network answers with them. */
export interface Fresh {
  readonly model: ModelProto;
  readonly outputs: BatchOutputs;
}

interface Tried extends Fresh {
  /** How far images move the output, relative to it. */
  readonly dependence: number;
}

/** An output that moves by this share of its size between images is sensitive enough. */
const SENSITIVE = 0.01;
/** Gains of plain He initialisation tried where levelled signals do not reach the output. */
const GAINS = [1, 1.4, 2, 2.8, 4];
/** Above this share a gain is refined, when a smaller one was too faint. */
const LIVELY = 0.3;
const REFINEMENTS = 3;

/**
 * New weights with which the outputs of the masked network depend on the image: He-initialised and then levelled on the network itself.
 * Where that does not reach an output, a gain grows until the image does, or until numbers overflow.
 */
export async function freshWeights(input: FreshInput): Promise<Fresh> {
  const levelled = await tried(input, await levelledWeights(input));
  if (levelled && levelled.dependence >= SENSITIVE) return levelled;
  const gained = await byGain(input);
  const best = [gained, levelled].reduce((one, two) => ((two?.dependence ?? -1) > (one?.dependence ?? -1) ? two : one));
  return best ?? { model: input.model, outputs: await runAll(input.masked(input.model), input.batches, input.run) };
}

async function levelledWeights({ model, shapes, batches, run, seed, masked }: FreshInput): Promise<ModelProto> {
  const drawn = heInitialise(model, seed);
  try {
    const together = Math.max(...batches.map(({ images }) => images));
    const levelling = levelSignals(masked(drawn), shapes, together);
    const fed = batches.filter(({ images }) => images === together).map(({ feeds }) => feeds);
    const level = cloneModel(drawn);
    levelling.apply(level, await run(encodeModel(levelling.probe), fed));
    return level;
  } catch (error) {
    // What the probe adds need not run in every network (an old opset, a shape of its own for each image).
    if (error instanceof Error) return drawn;
    throw error;
  }
}

/**
 * Behind many gates a step up can carry the network from silence to where it multiplies rounding as it does the image; a gain between is
 * taken then.
 */
async function byGain(input: FreshInput): Promise<Tried | undefined> {
  const at = (gain: number) => tried(input, heInitialise(input.model, input.seed, gain));
  let best: (Tried & { readonly gain: number }) | undefined;
  let faint: number | undefined;
  for (const gain of GAINS) {
    const next = await at(gain);
    if (!next) break;
    if (next.dependence > (best?.dependence ?? -1)) best = { ...next, gain };
    if (next.dependence >= SENSITIVE) break;
    faint = gain;
  }
  for (let i = 0; i < REFINEMENTS && best && faint !== undefined && best.dependence > LIVELY; i++) {
    const gain = Math.sqrt(faint * best.gain);
    const next = await at(gain);
    if (next && next.dependence >= SENSITIVE) best = { ...next, gain };
    else faint = gain;
  }
  return best;
}

/** Undefined where numbers overflow. */
async function tried({ batches, run, masked }: FreshInput, model: ModelProto): Promise<Tried | undefined> {
  try {
    const outputs = await runAll(masked(model), batches, run);
    return { model, outputs, dependence: relativeDependence(outputs) };
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** How far images move the output that they move most, relative to its size. */
export function relativeDependence(outputs: BatchOutputs): number {
  const moved = inputDependence(outputs);
  const { perOutput } = compareOutputs(outputs, outputs);
  return Math.max(0, ...perOutput.map(({ name, scale }) => (scale > 0 ? (moved.get(name) ?? 0) / scale : 0)));
}
