import { Failure } from '@kneepoint/failures';
import type { ModelProto, TypedArray } from '@kneepoint/onnx';
import { dimsOf, encodeModel, Graph, volume } from '@kneepoint/onnx';
import type { Plan } from '../plan/plan.ts';
import { mask } from '../surgery/mask.ts';
import { prune } from '../surgery/prune.ts';
import type { Shapes } from '../trace/trace.ts';
import type { Comparison, ModelOutput } from './compare.ts';
import { compareOutputs, inputDependence } from './compare.ts';
import { heInitialise } from './he-initialise.ts';

/** What one input is fed, in the type that it takes; float16 as its 16-bit codes. */
export interface ProofFeed {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

/** What is fed in one run. */
export interface ProofBatch {
  /** Images that go through together. */
  readonly images: number;
  readonly feeds: readonly ProofFeed[];
}

/** Runs a model once. Given by the caller, so that this package needs no runtime. */
export type RunModel = (model: Uint8Array, feeds: readonly ProofFeed[]) => Promise<ReadonlyMap<string, ModelOutput>>;

export interface ProofInput {
  readonly model: ModelProto;
  /** Every value's shape at batch 1. */
  readonly shapes: Shapes;
  readonly plan: Plan;
  readonly run: RunModel;
  /**
   * Runs of at least two images in all, random and real ones: batches of float images for a model with that one input (row-major), or all
   * that is fed, for a model with inputs of any kind.
   */
  readonly images: readonly (Float32Array | ProofBatch)[];
  /** Largest difference allowed, relative to the largest output. Default 1e-5. */
  readonly tolerance?: number;
  readonly seed?: number;
}

/** How one set of weights fared. Differences are between surgery and masking. */
export interface ProofFigures {
  readonly maxAbsDiff: number;
  /** The largest difference of an output divided by that output's largest magnitude. */
  readonly maxRelDiff: number;
  /** How far two images move the output: max |y(x₁) − y(x₂)|. */
  readonly inputDependence: number;
  /** The same, relative to the largest magnitude of that output. */
  readonly relativeDependence: number;
  /** Difference divided by input dependence, worst output; null when no output depends on the image. */
  readonly diffOverDependence: number | null;
}

export interface NegativeControl {
  readonly applicable: boolean;
  /** The removed class that was not masked; null when nothing is removed. */
  readonly leftOutClass: number | null;
  /** Relative difference that leaving it out made. */
  readonly diff: number;
  /** Whether that difference was noticed, as it must be. */
  readonly detected: boolean;
}

export interface Gate {
  readonly passed: boolean;
  /** What was found, in words. */
  readonly detail: string;
}

/** Evidence that surgery equals masking, and that the comparison would have noticed otherwise. */
export interface Proof extends ProofFigures {
  /** All gates passed. */
  readonly passed: boolean;
  readonly tolerance: number;
  readonly he: ProofFigures;
  readonly negativeControl: NegativeControl;
  readonly gates: {
    /** Same result with the model's own weights. */
    readonly own: Gate;
    /** Same result with He-initialised weights. */
    readonly he: Gate;
    /** The difference is small against how far the input moves the output. */
    readonly dependence: Gate;
    /** A class left out of the mask is noticed. */
    readonly control: Gate;
  };
}

/**
 * Proves a plan's surgery on a model: runs the pruned and the masked graph on the same images, with the model's own weights and with
 * He-initialised ones, and leaves one class out of the mask to see that it shows. Throws PROOF_TOO_FEW_IMAGES, PROOF_NOT_FINITE, and as
 * `prune` does.
 */
export async function prove(input: ProofInput): Promise<Proof> {
  const { model, shapes, plan, tolerance = 1e-5, seed = 1 } = input;
  const batches = imageBatches(input);
  const outputs = (graph: ModelProto) => runAll(graph, batches, input);
  const figuresOf = async (original: ModelProto) => {
    const pruned = await outputs(prune(original, shapes, plan));
    const masked = await outputs(mask(original, shapes, plan));
    return { pruned, figures: figures(pruned, masked) };
  };
  const own = await figuresOf(model);
  const heModel = await sensitive(input, seed, (graph) => outputs(mask(graph, shapes, plan)));
  const he = await figuresOf(heModel);
  const negativeControl = await control(plan, tolerance, async (leaveOut) => {
    const differs = async (original: ModelProto, pruned: Outputs) =>
      compareOutputs(pruned, await outputs(mask(original, shapes, plan, { leaveOut }))).maxRelDiff;
    // New weights make the output sensitive; the model's own are asked only when those stay silent.
    const byHe = await differs(heModel, he.pruned);
    return byHe > CONTROL_FACTOR * tolerance ? byHe : Math.max(byHe, await differs(model, own.pruned));
  });
  const gates = {
    own: difference(own.figures, tolerance, "the model's own weights"),
    he: difference(he.figures, tolerance, 'He-initialised weights'),
    dependence: dependence(own.figures, he.figures),
    control: controlGate(negativeControl),
  };
  const passed = Object.values(gates).every((gate) => gate.passed);
  return { passed, tolerance, ...own.figures, he: he.figures, negativeControl, gates };
}

/**
 * He-initialised weights with which the output depends on the image: the gain grows until it does, or until numbers overflow. Behind many
 * gates a step up can carry the network from silence to where it multiplies rounding as it does the image; a gain between is taken then.
 */
async function sensitive(
  { model }: ProofInput,
  seed: number,
  outputs: (model: ModelProto) => Promise<Outputs>,
): Promise<ModelProto> {
  const at = async (gain: number) => {
    const candidate = heInitialise(model, seed, gain);
    return { gain, model: candidate, dependence: await outputs(candidate).then(relativeDependence, () => -1) };
  };
  let best = { gain: 0, model, dependence: Number.NEGATIVE_INFINITY };
  let faint: number | undefined;
  for (const gain of GAINS) {
    const next = await at(gain);
    if (next.dependence > best.dependence) best = next;
    if (next.dependence < 0 || next.dependence >= SENSITIVE) break;
    faint = gain;
  }
  for (let i = 0; i < REFINEMENTS && faint !== undefined && best.dependence > LIVELY; i++) {
    const next = await at(Math.sqrt(faint * best.gain));
    if (next.dependence >= SENSITIVE) best = next;
    else faint = next.gain;
  }
  return best.model;
}

function relativeDependence(found: Outputs): number {
  return figures(found, found).relativeDependence;
}

type Outputs = Comparison['outputs'];

/** Gains tried for He-initialised weights. */
const GAINS = [1, 1.4, 2, 2.8, 4];
/** An output that moves by this share of its size between images is sensitive enough. */
const SENSITIVE = 0.01;
/** Above this share a gain is refined, when a smaller one was too faint. */
const LIVELY = 0.3;
const REFINEMENTS = 3;
/** A class left out of the mask must change the output by this many tolerances to count as noticed. */
const CONTROL_FACTOR = 10;
/** Classes tried before the control is given up: a channel can be dead on the images at hand. */
const CONTROL_TRIES = 5;
/** Largest share of the input dependence that a difference may reach. */
const DEPENDENCE_SHARE = 1e-3;
/**
 * Below this share of its magnitude an output moves so little that float32 noise, up to some 1e-6 of it behind many layers, would be more
 * than the share allowed above.
 */
const WEAK = 1e-3;

function imageBatches(input: ProofInput): ProofBatch[] {
  const graph = new Graph(input.model);
  const where = `input ${graph.inputs.map(({ name }) => name).join(', ')}`;
  const batches = input.images.map((images) =>
    images instanceof Float32Array ? imagesAlone(input, graph, images) : images,
  );
  const count = batches.reduce((sum, { images }) => sum + images, 0);
  if (count < 2) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `${count} images were given`, {
      where,
      fix: 'give two or more different images, so that input dependence can be measured',
    });
  }
  return batches;
}

/** Images for a model that takes nothing else. */
function imagesAlone({ shapes }: ProofInput, { inputs }: Graph, data: Float32Array): ProofBatch {
  const [input] = inputs;
  const shape = input && shapes.get(input.name);
  if (!input || !shape || inputs.length !== 1) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `the model has ${inputs.length} inputs, images alone feed one`, {
      where: inputs.map(({ name }) => name).join(', '),
      fix: 'give all that is fed',
    });
  }
  const [fixed] = dimsOf(input);
  const perImage = volume(shape.slice(1));
  const images = data.length / perImage;
  const where = `input ${input.name}`;
  if (!Number.isInteger(images)) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `a batch of ${data.length} numbers is not whole images`, {
      where,
      fix: `give a multiple of ${perImage} numbers`,
    });
  }
  if (typeof fixed === 'number' && fixed > 0 && images !== fixed) {
    throw new Failure('PROOF_TOO_FEW_IMAGES', `${images} images were given, and the model takes ${fixed} at a time`, {
      where,
      fix: `give batches of ${fixed * perImage} numbers`,
    });
  }
  return { images, feeds: [{ name: input.name, dims: [images, ...shape.slice(1)], data }] };
}

async function runAll(model: ModelProto, batches: readonly ProofBatch[], { run }: ProofInput): Promise<Outputs> {
  const bytes = encodeModel(model);
  const results: ReadonlyMap<string, ModelOutput>[] = [];
  for (const batch of batches) results.push(await run(bytes, batch.feeds));
  for (const result of results) {
    for (const [name, { data }] of result) {
      if (data.every((value) => Number.isFinite(value))) continue;
      throw new Failure('PROOF_NOT_FINITE', 'the output holds NaN or infinity, which nothing can be compared with', {
        where: `output ${name}`,
        fix: 'give images in the range that the model takes',
      });
    }
  }
  return { images: batches.map(({ images }) => images), results };
}

function figures(pruned: Outputs, masked: Outputs): ProofFigures {
  const { maxAbsDiff, maxRelDiff, perOutput } = compareOutputs(pruned, masked);
  const moved = inputDependence(masked);
  const ratios = perOutput.flatMap(({ name, diff, scale }) => {
    const dependence = moved.get(name) ?? 0;
    return dependence > WEAK * scale ? [diff / dependence] : [];
  });
  return {
    maxAbsDiff,
    maxRelDiff,
    inputDependence: Math.max(0, ...moved.values()),
    relativeDependence: Math.max(
      0,
      ...perOutput.map(({ name, scale }) => (scale > 0 ? (moved.get(name) ?? 0) / scale : 0)),
    ),
    diffOverDependence: ratios.length > 0 ? Math.max(...ratios) : null,
  };
}

async function control(
  plan: Plan,
  tolerance: number,
  differs: (leaveOut: number) => Promise<number>,
): Promise<NegativeControl> {
  const { removedClasses } = plan;
  if (removedClasses.length === 0) return { applicable: false, leftOutClass: null, diff: 0, detected: false };
  const step = Math.max(1, Math.floor(removedClasses.length / CONTROL_TRIES));
  let best: NegativeControl = { applicable: true, leftOutClass: removedClasses[0]!, diff: 0, detected: false };
  for (let i = 0; i < removedClasses.length && i < CONTROL_TRIES * step && !best.detected; i += step) {
    const diff = await differs(removedClasses[i]!);
    const detected = diff > CONTROL_FACTOR * tolerance;
    if (diff >= best.diff) best = { applicable: true, leftOutClass: removedClasses[i]!, diff, detected };
  }
  return best;
}

function difference(found: ProofFigures, tolerance: number, weights: string): Gate {
  const passed = found.maxRelDiff <= tolerance;
  return {
    passed,
    detail: `relative difference ${found.maxRelDiff.toExponential(2)} with ${weights}, allowed ${tolerance}`,
  };
}

function dependence(own: ProofFigures, he: ProofFigures): Gate {
  const share = own.diffOverDependence ?? he.diffOverDependence;
  if (share === null) {
    return {
      passed: false,
      detail: 'no output depends on the image, with either set of weights: the comparison proves nothing',
    };
  }
  const which =
    own.diffOverDependence === null
      ? `the model's own output hardly depends on the image (${own.relativeDependence.toExponential(2)} of its size), so He-initialised weights speak: difference`
      : 'difference';
  return { passed: share <= DEPENDENCE_SHARE, detail: `${which} is ${share.toExponential(2)} of the input dependence` };
}

function controlGate({ applicable, leftOutClass, diff, detected }: NegativeControl): Gate {
  if (!applicable) return { passed: true, detail: 'not applicable: the plan removes nothing' };
  const found = `class ${leftOutClass} left out of the mask changed the output by ${diff.toExponential(2)}`;
  return { passed: detected, detail: detected ? found : `${found}, which the comparison would not notice` };
}
