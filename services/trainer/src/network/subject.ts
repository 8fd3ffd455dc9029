import { foldNormalisations, type ForwardRequest, trainableOf, withWeights } from '@kneepoint/autodiff';
import { inputSpec, type ModelProto } from '@kneepoint/onnx';
import { batchSizeFor, shapesOf, type TaskContext } from '@kneepoint/runtime';
import { FeatureRows } from '../rows/feature-rows.ts';
import type { ImageRows } from '../rows/image-rows.ts';
import type { RowSource } from '../rows/row-source.ts';
import type { Parts } from '../targets/parts.ts';
import { featuresOf } from './features.ts';
import { headAlone, readHead, writeHead } from './head.ts';
import {
  type FeatureScale,
  featureScale,
  fromStandardised,
  standardise,
  STANDARDISATION,
  unstandardise,
} from './standardise.ts';

/** What is trained, and how what came out of it becomes a network again. */
export interface Subject {
  /** Answers in the training scale. */
  readonly model: ModelProto;
  readonly source: RowSource;
  readonly trainable: ReadonlySet<string>;
  /** Every value's shape at a batch size. */
  shapes(batch: number): Promise<ReadonlyMap<string, readonly number[]>>;
  readonly evaluationBatch: number;
  /** Which normalisations go by their batch. */
  readonly batchNorm: NonNullable<ForwardRequest['batchNorm']>;
  /** What is judged with these weights: answers to rows of `source`, in the training scale. */
  judged(weights: ReadonlyMap<string, Float32Array>): ModelProto;
  /** The whole network with these weights as it is delivered, in the training scale. */
  finish(weights: ReadonlyMap<string, Float32Array>): ModelProto;
  /** Whether normalisations were put in for training. */
  readonly normalised: boolean;
  /** `finish` with the normalisations that were put in for training. */
  unfolded(weights: ReadonlyMap<string, Float32Array>): ModelProto;
}

/**
 * The network itself, on images; its head on standardised features where their scale is given, and without the normalisations that
 * were put in for training once it is judged or delivered.
 */
export function networkSubject(
  model: ModelProto,
  images: ImageRows,
  options: {
    readonly headOnly: boolean;
    readonly freeze?: readonly string[] | undefined;
    readonly scale?: FeatureScale | undefined;
    readonly batchNorm: Subject['batchNorm'];
    /** Node names of the normalisations that are folded away. */
    readonly norms?: readonly string[] | undefined;
  },
): Subject {
  const { headOnly, freeze = [], scale, batchNorm, norms = [] } = options;
  const spec = inputSpec(model);
  const trained = scale ? standardise(model, scale) : model;
  const learned = trainableOf(trained, { freeze, ...(headOnly ? { headOnly: readHead(trained).node } : {}) });
  const unfolded = (weights: ReadonlyMap<string, Float32Array>): ModelProto => {
    const finished = withWeights(trained, weights);
    return scale ? unstandardise(finished, scale) : finished;
  };
  const finish = (weights: ReadonlyMap<string, Float32Array>): ModelProto =>
    foldNormalisations(unfolded(weights), norms);
  return {
    model: trained,
    source: images,
    trainable: new Set([...learned].filter((name) => !STANDARDISATION.includes(name))),
    evaluationBatch: batchSizeFor(spec),
    batchNorm,
    shapes: (batch) => {
      const dims = [batch, spec.channels, spec.height, spec.width];
      const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      return shapesOf(trained, { input: { data, dims } });
    },
    judged: finish,
    finish,
    normalised: norms.length > 0,
    unfolded,
  };
}

const FEATURE_BATCH = 1024;

/**
 * The head alone, on what the frozen rest answers: that is computed once, so that an epoch costs next to nothing, and standardised, so
 * that every feature learns equally fast.
 */
export async function headSubject(
  model: ModelProto,
  images: ImageRows,
  { train, validation, test }: Parts,
  { total, context }: { readonly total: number; readonly context: TaskContext },
): Promise<Subject> {
  const head = readHead(model);
  // Training rows first: the scale is theirs.
  const used = Int32Array.from([...train, ...validation, ...test]);
  const { features, width } = await featuresOf(model, images, used, context);
  const scale = featureScale(features.subarray(0, train.length * width), width);
  const byRow = new Float32Array(total * width);
  used.forEach((row, i) => byRow.set(features.subarray(i * width, (i + 1) * width), row * width));
  const source = new FeatureRows(byRow, scale);
  const alone = headAlone(head);
  const finish = (trained: ReadonlyMap<string, Float32Array>): ModelProto => {
    const weights = Float64Array.from(trained.get(head.weightName)!);
    const bias = Float64Array.from(trained.get(head.biasName)!);
    return writeHead(model, fromStandardised({ weights, bias }, scale));
  };
  return {
    model: alone,
    source,
    trainable: new Set([head.weightName, head.biasName]),
    evaluationBatch: FEATURE_BATCH,
    batchNorm: 'frozen',
    shapes: (batch) =>
      Promise.resolve(
        new Map([
          [source.input, [batch, width]],
          [readHead(alone).output, [batch, head.targets]],
        ]),
      ),
    judged: (trained) => withWeights(alone, trained),
    finish,
    normalised: false,
    unfolded: finish,
  };
}
