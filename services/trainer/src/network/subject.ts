import { trainableOf, withWeights } from '@kneepoint/autodiff';
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
  /** The whole network with these weights, in the training scale. */
  finish(weights: ReadonlyMap<string, Float32Array>): ModelProto;
}

/** The network itself, on images; its head on standardised features where their scale is given. */
export function networkSubject(
  model: ModelProto,
  images: ImageRows,
  options: {
    readonly headOnly: boolean;
    readonly freeze?: readonly string[] | undefined;
    readonly scale?: FeatureScale | undefined;
  },
): Subject {
  const { headOnly, freeze = [], scale } = options;
  const spec = inputSpec(model);
  const trained = scale ? standardise(model, scale) : model;
  const learned = trainableOf(trained, { freeze, ...(headOnly ? { headOnly: readHead(trained).node } : {}) });
  return {
    model: trained,
    source: images,
    trainable: new Set([...learned].filter((name) => !STANDARDISATION.includes(name))),
    evaluationBatch: batchSizeFor(spec),
    shapes: (batch) => {
      const dims = [batch, spec.channels, spec.height, spec.width];
      const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      return shapesOf(trained, { input: { data, dims } });
    },
    finish: (weights) => {
      const finished = withWeights(trained, weights);
      return scale ? unstandardise(finished, scale) : finished;
    },
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
  return {
    model: alone,
    source,
    trainable: new Set([head.weightName, head.biasName]),
    evaluationBatch: FEATURE_BATCH,
    shapes: (batch) =>
      Promise.resolve(
        new Map([
          [source.input, [batch, width]],
          [readHead(alone).output, [batch, head.targets]],
        ]),
      ),
    finish: (trained) => {
      const weights = Float64Array.from(trained.get(head.weightName)!);
      const bias = Float64Array.from(trained.get(head.biasName)!);
      return writeHead(model, fromStandardised({ weights, bias }, scale));
    },
  };
}
