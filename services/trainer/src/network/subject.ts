import { trainableOf, withWeights } from '@kneepoint/autodiff';
import { inputSpec, type ModelProto } from '@kneepoint/onnx';
import { batchSizeFor, shapesOf, type TaskContext } from '@kneepoint/runtime';
import { answersOf } from '../rows/answers.ts';
import { FeatureRows } from '../rows/feature-rows.ts';
import type { ImageRows } from '../rows/image-rows.ts';
import type { RowSource } from '../rows/row-source.ts';
import type { Parts } from '../targets/parts.ts';
import { headAlone, readHead, withoutHead, writeHead } from './head.ts';

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

/** The network itself, on images. */
export function networkSubject(
  model: ModelProto,
  images: ImageRows,
  { headOnly, freeze = [] }: { readonly headOnly: boolean; readonly freeze?: readonly string[] | undefined },
): Subject {
  const spec = inputSpec(model);
  const options = headOnly ? { headOnly: readHead(model).node } : {};
  return {
    model,
    source: images,
    trainable: trainableOf(model, { freeze, ...options }),
    evaluationBatch: batchSizeFor(spec),
    shapes: (batch) => {
      const dims = [batch, spec.channels, spec.height, spec.width];
      const data = new Float32Array(dims.reduce((product, dim) => product * dim, 1));
      return shapesOf(model, { input: { data, dims } });
    },
    finish: (weights) => withWeights(model, weights),
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
  const used = Int32Array.from([...train, ...validation, ...test]).sort();
  const { values } = await answersOf({
    model: withoutHead(model),
    rows: used,
    source: images,
    batch: batchSizeFor(inputSpec(model)),
    provider: context.provider,
    signal: context.signal,
    onBatch: (done) => context.progress({ done, total: used.length, unit: 'images', message: 'reading features' }),
  });
  const { features: width, targets } = head;
  const features = new Float32Array(total * width);
  used.forEach((row, i) => features.set(values.subarray(i * width, (i + 1) * width), row * width));
  const source = new FeatureRows(features, width, train);
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
          [readHead(alone).output, [batch, targets]],
        ]),
      ),
    finish: (trained) => {
      const learned = Float64Array.from(trained.get(head.weightName)!);
      const weights = learned.map((value, i) => value / source.deviation[i % width]!);
      const bias = Float64Array.from(trained.get(head.biasName)!, (value, target) => {
        const row = weights.subarray(target * width, (target + 1) * width);
        return value - row.reduce((sum, weight, k) => sum + weight * source.mean[k]!, 0);
      });
      return writeHead(model, { weights, bias });
    },
  };
}
