import { deviationOf, type Scaling, UNREADABLE } from '../statistics/centre.ts';
import { accumulateGram, choleskyFactor } from '../statistics/symmetric-kernel.ts';
import { type ChosenRidge, RIDGE_LAMBDAS, type TargetBlock } from './choose-ridge.ts';
import { solveFactored } from './triangular.ts';

export interface RowRidgeRequest {
  /** N × filters, row-major. */
  readonly responses: Float32Array;
  readonly filters: number;
  /** N × targets. */
  readonly labels: Float64Array;
  readonly targets: number;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly blocks: readonly TargetBlock[];
  readonly penalties?: readonly number[];
}

/**
 * `chooseRidge` for more filters than rows, through the Gram matrix of the rows: with Z the standardised training responses (n × p),
 * w = Zᵀα solves (ZᵀZ/n + λI)w = Zᵀv/n where (ZZᵀ/n + λI)α = v/n, so n × n matrices are factorised in place of p × p ones. Validation is
 * answered by Z′Zᵀα. The weights are those of `chooseRidge` to the rounding of Z, which is held in float32.
 */
export function chooseRidgeByRows(request: RowRidgeRequest): ChosenRidge & { readonly scaling: Scaling } {
  const { filters, targets, train, validation, blocks, penalties = RIDGE_LAMBDAS } = request;
  const scaling = scalingOfRows(request);
  const rows = Int32Array.of(...train, ...validation);
  const columns = standardised(request, rows, scaling);
  const kernel = productsOf(columns, rows.length, filters);
  const [n, all] = [train.length, rows.length];
  const centred = (list: Int32Array): Float64Array => centredLabels(request, list, scaling);
  const [known, wanted] = [centred(train), centred(validation)];
  const best = blocks.map(() => ({ error: Infinity, lambda: 0 }));
  const duals = new Float64Array(targets * n);
  for (const lambda of [...penalties].sort((a, b) => b - a)) {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) matrix[i * n + j] = kernel[i * all + j]! / n;
      matrix[i * n + i]! += lambda;
    }
    const factor = choleskyFactor(matrix, n, 0);
    // A penalty that rounding eats does not separate the rows; a larger one is at hand.
    if (!factor) continue;
    blocks.forEach(({ from, count }, b) => {
      const solved = new Float64Array(count * n);
      let error = 0;
      for (let t = 0; t < count; t++) {
        const dual = solved.subarray(t * n, (t + 1) * n);
        for (let i = 0; i < n; i++) dual[i] = known[i * targets + from + t]! / n;
        solveFactored(factor, n, dual);
        error += squaredError(kernel, { all, n }, dual, (row) => wanted[row * targets + from + t]!);
      }
      if (error >= best[b]!.error) return;
      best[b] = { error, lambda };
      duals.set(solved, from * n);
    });
  }
  return { weights: primal(columns, { all, n, filters }, duals), lambdas: best.map(({ lambda }) => lambda), scaling };
}

/** As `scalingOf`, from the rows themselves. */
function scalingOfRows({ responses, filters, labels, targets, train, validation }: RowRidgeRequest): Scaling {
  const mean = columnMeans(responses, filters, train);
  const [own, other] = [train, validation].map((rows) => squaresAbout(responses, mean, rows)) as [
    Float64Array,
    Float64Array,
  ];
  const n = { train: train.length, validation: validation.length };
  const scale = mean.map((value, j) => deviationOf(value, { own: own[j]!, other: other[j]! }, n, UNREADABLE));
  return { mean, scale, targetMean: columnMeans(labels, targets, train) };
}

function columnMeans(values: Float32Array | Float64Array, columns: number, rows: Int32Array): Float64Array {
  const means = new Float64Array(columns);
  for (const row of rows) for (let j = 0; j < columns; j++) means[j]! += values[row * columns + j]!;
  return means.map((sum) => sum / rows.length);
}

/** Mean of (x − centre)² of each column; 0 over no rows. */
function squaresAbout(responses: Float32Array, centre: Float64Array, rows: Int32Array): Float64Array {
  const squares = new Float64Array(centre.length);
  for (const row of rows) {
    for (let j = 0; j < centre.length; j++) squares[j]! += (responses[row * centre.length + j]! - centre[j]!) ** 2;
  }
  return squares.map((sum) => sum / Math.max(1, rows.length));
}

/** Filters × rows: the standardised responses, turned, so that the Gram kernel sums over filters. */
function standardised(
  { responses, filters }: RowRidgeRequest,
  rows: Int32Array,
  { mean, scale }: Scaling,
): Float32Array {
  const columns = new Float32Array(filters * rows.length);
  rows.forEach((row, i) => {
    for (let j = 0; j < filters; j++) {
      const deviation = scale[j]!;
      if (deviation > 0) columns[j * rows.length + i] = (responses[row * filters + j]! - mean[j]!) / deviation;
    }
  });
  return columns;
}

/** Rows × rows of zzᵀ; lower half. */
function productsOf(columns: Float32Array, all: number, filters: number): Float64Array {
  const sums = { gram: new Float64Array(all * all), sums: new Float64Array(all) };
  accumulateGram(
    sums,
    columns,
    new Float64Array(all),
    Int32Array.from({ length: filters }, (_, j) => j),
  );
  return sums.gram;
}

function centredLabels({ labels, targets }: RowRidgeRequest, rows: Int32Array, { targetMean }: Scaling): Float64Array {
  return Float64Array.from({ length: rows.length * targets }, (_, i) => {
    const t = i % targets;
    return labels[rows[Math.floor(i / targets)]! * targets + t]! - targetMean[t]!;
  });
}

/** Mean squared error of one target over the rows behind the first `n`. */
function squaredError(
  kernel: Float64Array,
  { all, n }: { readonly all: number; readonly n: number },
  dual: Float64Array,
  truth: (row: number) => number,
): number {
  let sum = 0;
  for (let row = n; row < all; row++) {
    let score = 0;
    for (let i = 0; i < n; i++) score += kernel[row * all + i]! * dual[i]!;
    sum += (score - truth(row - n)) ** 2;
  }
  return sum / (all - n);
}

/** Zᵀα for each target. */
function primal(
  columns: Float32Array,
  { all, n, filters }: { readonly all: number; readonly n: number; readonly filters: number },
  duals: Float64Array,
): Float64Array {
  const targets = duals.length / n;
  const weights = new Float64Array(targets * filters);
  for (let t = 0; t < targets; t++) {
    for (let j = 0; j < filters; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += columns[j * all + i]! * duals[t * n + i]!;
      weights[t * filters + j] = sum;
    }
  }
  return weights;
}
