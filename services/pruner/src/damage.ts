import { vectorJacobian } from '@kneepoint/autodiff';
import { Failure } from '@kneepoint/failures';
import { elementCount, encodeModel, type ModelProto, seededRandom } from '@kneepoint/onnx';
import {
  type ChannelAnalysis,
  classesOfPart,
  columnsPerImage,
  type DamageStatistics,
  gateReadings,
  gradientMoments,
  momentNames,
  type Reading,
  readerMetrics,
  readingsOf,
  responseMoments,
  ShiftedSums,
} from '@kneepoint/pruning';
import type { TaskSpec } from '@kneepoint/regression';
import { type Dense, openSession, resolveProvider, shapesOf } from '@kneepoint/runtime';
import { answerUnits } from './answer-units.ts';
import { batchWithin, imageBatches, type Images } from './run-over.ts';

/** Images that are enough for responses and for derivatives, and how many of the latter go through the graph at once. */
const MOST_RESPONSES = 1000;
const MOST_GRADIENTS = 256;
const MOST_BATCH = 16;
/** Positions of an image at which a reading is sampled, on average. */
const POSITIONS = 64;

export interface DamageRequest {
  /** Image → tasks: one output, one row of answers for each image. */
  readonly network: ModelProto;
  readonly analysis: ChannelAnalysis;
  readonly images: Images;
  /** Training images. Labels are not read. */
  readonly rows: Int32Array;
  readonly seed: number;
  /** Whose answers stand from which column on. */
  readonly tasks: readonly { readonly spec: TaskSpec; readonly from: number }[];
}

/**
 * What the planner decides widths by: at every place where channels are read the covariance of the responses, and the Gauss–Newton metric of what
 * the answers depend on, from one backward pass of random combinations of the answers. Where an operator has no derivative the
 * metric is that of the readers' weights. Throws RUNTIME_CANCELED and what running a network throws.
 */
export async function measureDamage(request: DamageRequest): Promise<DamageStatistics> {
  const { network, analysis, tasks } = request;
  const readings = readingsOf(analysis);
  const { covariances, answers, width } = await readResponses(request, readings);
  const units = answerUnits(answers, width, tasks);
  let metric: DamageStatistics['metric'] = 'answers';
  let metrics: readonly (readonly Float64Array[])[];
  try {
    metrics = await answerMetrics(request, readings, units);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'AUTODIFF_OPERATOR')) throw error;
    metric = 'readers';
    const sums = readerMetrics(network, analysis.shapes, readings);
    metrics = sums.map((parts, i) => asShares(parts, covariances[i]!));
  }
  return {
    metric,
    variance: metric === 'answers' ? tasks.length : 1,
    parts: readings.flatMap((reading, i) =>
      covariances[i]!.map((covariance, part) => ({
        classes: classesOfPart(reading, part),
        covariance,
        metric: metrics[i]![part]!,
      })),
    ),
  };
}

/** Covariances of the responses of every reading, by part, and the answers. */
async function readResponses(
  { network, analysis: { shapes }, images, rows: trainRows, seed }: DamageRequest,
  readings: readonly Reading[],
): Promise<{ readonly covariances: Float64Array[][]; readonly answers: Float64Array; readonly width: number }> {
  const { spec, context } = images;
  const output = network.graph!.output[0]!.name;
  const rows = trainRows.subarray(0, MOST_RESPONSES);
  const session = await openSession(encodeModel(responseMoments(network, readings, shapes)), {
    provider: context.provider,
  });
  const random = seededRandom(seed);
  const sums = readings.map(({ parts, width }) => Array.from({ length: parts }, () => new ShiftedSums(width)));
  const shifts = readings.map(({ parts, width }) => new Float32Array(parts * width));
  const answers: number[] = [];
  let done = 0;
  try {
    for await (const { data, indices } of imageBatches(images, rows, batchWithin(spec, shapes))) {
      const count = indices.length;
      const dims = [count, spec.channels, spec.height, spec.width];
      const feeds: Record<string, Dense> = { [spec.name]: { dims, data: data.subarray(0, elementCount(dims)) } };
      const columns = readings.map((reading, i) => {
        const chosen = stratified(columnsPerImage(reading, shapes) * count, POSITIONS * count, random);
        feeds[momentNames.columns(i)] = { dims: [chosen.length], data: chosen };
        feeds[momentNames.shift(i)] = { dims: [reading.parts, reading.width, 1], data: shifts[i]! };
        return chosen.length;
      });
      if (done === 0) {
        // The first images say about where responses lie; all are then taken from there.
        const means = await session.run(
          feeds,
          readings.map((_, i) => momentNames.mean(i)),
        );
        shifts.forEach((shift, i) => shift.set(means[momentNames.mean(i)]!.data as Float32Array));
      }
      const results = await session.run(feeds);
      readings.forEach(({ width }, i) => {
        const mean = results[momentNames.mean(i)]!.data as Float32Array;
        const second = results[momentNames.second(i)]!.data as Float32Array;
        sums[i]!.forEach((own, part) => {
          const [from, to] = [part * width, (part + 1) * width];
          own.add(columns[i]!, mean.subarray(from, to), second.subarray(from * width, to * width));
        });
      });
      answers.push(...(results[output]!.data as Float32Array));
      done += count;
      context.progress({ done, total: rows.length, unit: 'images', message: 'measuring responses' });
    }
  } finally {
    await session.release();
  }
  const covariances = sums.map((parts) => parts.map((part) => part.covariance()));
  return { covariances, answers: Float64Array.from(answers), width: answers.length / Math.max(1, done) };
}

/** The Gauss–Newton metric of every reading, by part: the mean over images of Σ over positions g gᵀ. */
async function answerMetrics(
  { network, analysis: { shapes: known }, images, rows: trainRows, seed }: DamageRequest,
  readings: readonly Reading[],
  units: Float64Array,
): Promise<Float64Array[][]> {
  const { spec, context } = images;
  const most = Math.min(MOST_GRADIENTS, trainRows.length);
  const batch = Math.min(MOST_BATCH, batchWithin(spec, known), most);
  // The graph is of one batch size.
  const rows = trainRows.subarray(0, most - (most % batch));
  const gated = gateReadings(network, readings);
  const dims = [batch, spec.channels, spec.height, spec.width];
  const shapes = await shapesOf(gated.model, { input: { data: new Float32Array(elementCount(dims)), dims } });
  const jacobian = vectorJacobian({
    model: gated.model,
    shapes,
    trainable: gated.gates,
    values: gated.values,
    target: await resolveProvider(context.provider),
  });
  const model = gradientMoments(
    jacobian.model,
    readings,
    gated.values.map((value) => jacobian.gradients.get(value)),
    known,
  );
  const metrics = readings.map(({ parts, width }) => Array.from({ length: parts }, () => new Float64Array(width ** 2)));
  const random = seededRandom(seed);
  const output = network.graph!.output[0]!.name;
  const zeros = jacobian.weights.map(({ input }): [string, Dense] => [input, { dims: [], data: new Float32Array(1) }]);
  const session = await openSession(encodeModel(model), { provider: context.provider });
  let done = 0;
  try {
    for await (const { data, indices } of imageBatches(images, rows, batch)) {
      const vectors = Float32Array.from({ length: batch * units.length }, (_, i) => {
        const unit = units[i % units.length]!;
        return unit > 0 ? random.normal() / unit : 0;
      });
      const results = await session.run({
        ...Object.fromEntries(zeros),
        [jacobian.image]: { dims, data },
        [jacobian.vectors.get(output)!]: { dims: [batch, units.length], data: vectors },
      });
      readings.forEach(({ width }, i) => {
        const sums = results[momentNames.metric(i)]?.data as Float32Array | undefined;
        metrics[i]!.forEach((metric, part) => {
          for (let at = 0; sums && at < metric.length; at++) {
            metric[at]! += sums[part * width * width + at]! / rows.length;
          }
        });
      });
      done += indices.length;
      context.progress({ done, total: rows.length, unit: 'images', message: 'measuring what answers depend on' });
    }
  } finally {
    await session.release();
  }
  return metrics;
}

/** Of `total` numbers from 0 on `wanted`, one from each of as many equal stretches; all when there are no more. Ascending. */
function stratified(total: number, wanted: number, random: { uniform(): number }): Int32Array {
  const count = Math.min(total, wanted);
  return Int32Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.floor((i * total) / count), Math.floor(((i + 1) * total) / count)];
    return from + Math.floor(random.uniform() * (to - from));
  });
}

/** Scaled so that a reading without any channel loses 1 in all. */
function asShares(metrics: readonly Float64Array[], covariances: readonly Float64Array[]): Float64Array[] {
  const whole = metrics.reduce(
    (sum, metric, part) => sum + metric.reduce((own, value, at) => own + value * covariances[part]![at]!, 0),
    0,
  );
  return metrics.map((metric) => metric.map((value) => (whole > 0 ? value / whole : 0)));
}
