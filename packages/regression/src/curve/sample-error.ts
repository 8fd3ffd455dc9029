import type { CentredMoments, Scaling } from '../statistics/centre.ts';
import type { Sample } from './trace.ts';

/** Under this share of the labels' variance the sums of the statistics cancel, and the error is read from the rows. */
const CANCELS = 1e-10;

/** Rows to read when the statistics cannot tell: the whole layer, and which of its rows are meant. */
export interface ErrorRows {
  readonly responses: Float32Array;
  readonly labels: Float64Array;
  /** Targets per row of `labels`, and the first one that belongs to the task. */
  readonly stride: number;
  readonly from: number;
  readonly rows: Int32Array;
  readonly scaling: Scaling;
}

/**
 * Mean over targets of the mean squared error of a sample on the rows of `moments`: mean(v²) − 2cᵀw + wᵀGw per target, over the
 * filters with weight only.
 */
export function sampleError(sample: Sample, moments: CentredMoments, rows: ErrorRows): number {
  const { gram, cross, squares, filters, targets } = moments;
  const { index, weights } = sample;
  const count = index.length;
  const total = squares.reduce((a, b) => a + b, 0);
  let error = total;
  for (let a = 0; a < count; a++) {
    const own = weights.subarray(a * targets, (a + 1) * targets);
    const row = (index[a] as number) * filters;
    let product = 0;
    for (let b = 0; b < a; b++) {
      product += (gram[row + (index[b] as number)] as number) * dot(own, weights, b * targets);
    }
    error += 2 * product + (gram[row + (index[a] as number)] as number) * dot(own, own, 0);
    for (let t = 0; t < targets; t++) {
      error -= 2 * (own[t] as number) * (cross[t * filters + (index[a] as number)] as number);
    }
  }
  return (error > CANCELS * total ? error : errorOnRows(sample, targets, rows)) / targets;
}

function dot(a: Float64Array, b: Float64Array, from: number): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[from + t] as number);
  return sum;
}

function errorOnRows(
  sample: Sample,
  targets: number,
  { responses, labels, stride, from, rows, scaling }: ErrorRows,
): number {
  const { index, weights } = sample;
  const filters = scaling.mean.length;
  let sum = 0;
  for (const row of rows) {
    for (let t = 0; t < targets; t++) {
      let residual = (labels[row * stride + from + t] as number) - (scaling.targetMean[from + t] as number);
      index.forEach((j, a) => {
        const z =
          ((responses[row * filters + j] as number) - (scaling.mean[j] as number)) / (scaling.scale[j] as number);
        residual -= (weights[a * targets + t] as number) * z;
      });
      sum += residual * residual;
    }
  }
  return sum / rows.length;
}
