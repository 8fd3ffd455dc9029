import { checkProblem, type GramProblem } from './gram-problem.ts';
import { PathCursor } from './path-cursor.ts';
import type { LassoPath } from './path-shape.ts';
import { ResidualBlocks } from './residual-kernel.ts';
import { segmentFraction } from './sample-path.ts';

/**
 * Mean squared error along the whole path on any rows, exactly: on segment j it is c₀ + c₁t + c₂t² with
 * t = (λ_j − λ) / (λ_j − λ_{j+1}) from 0 to 1, and the result holds c₀, c₁, c₂ of each segment (segments × 3, row-major).
 *
 * `moments` are of the rows to be judged, in the scaling of the rows that were fitted: centred with the training means and
 * divided by the training deviations, so that mean(r²) = yy − 2xtyᵀw + wᵀGw. Polynomials in λ itself would lose most digits:
 * segments are short beside λ when filters are nearly collinear. Segments without length have c₁ = c₂ = 0.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE, REGRESSION_GRAM_INVALID.
 */
export function segmentErrors(path: LassoPath, moments: Omit<GramProblem, 'p'>): Float64Array {
  const problem = { p: path.p, ...moments };
  checkProblem(problem);
  const cursor = new PathCursor(path);
  const errors = new Float64Array(cursor.segments * 3);
  const blocks = new ResidualBlocks(problem);
  // A segment needs the residuals at both its ends, so neighbouring blocks share a knot.
  const step = ResidualBlocks.ROWS - 1;
  for (let first = 0; first < cursor.segments; first += step) {
    const last = Math.min(first + step, cursor.segments);
    const filters = fillBlock(blocks, cursor, first, last);
    const { values, width } = blocks.residuals(last - first + 1);
    for (let segment = first; segment < last; segment++) {
      const row = segment - first;
      const hasLength = (path.lambda[segment] as number) > (path.lambda[segment + 1] ?? 0) && path.lambda.length > 1;
      let c0 = problem.yy;
      let c1 = 0;
      let c2 = 0;
      for (let k = 0; k < filters.length; k++) {
        const w = blocks.get(row, k);
        const change = blocks.get(row + 1, k) - w;
        const q = values[row * width + k] as number;
        const next = values[(row + 1) * width + k] as number;
        c0 -= w * ((problem.xty[filters[k] as number] as number) + q);
        c1 -= 2 * change * q;
        c2 -= change * (next - q);
      }
      errors.set(hasLength ? [c0, c1, c2] : [c0, 0, 0], segment * 3);
    }
  }
  return errors;
}

/** Writes the coefficients at knots first … last as the rows of a block; returns the block's filters. */
function fillBlock(blocks: ResidualBlocks, cursor: PathCursor, first: number, last: number): Int32Array {
  const { path } = cursor;
  const slots = new Int32Array(path.p).fill(-1);
  const filters = new Int32Array(path.p);
  let count = 0;
  const add = (filter: number) => {
    if (filter < 0 || slots[filter] !== -1) return;
    slots[filter] = count;
    filters[count++] = filter;
  };
  cursor.seek(first);
  for (let k = 0; k < cursor.count; k++) add(cursor.active[k] as number);
  for (let knot = first + 1; knot <= last; knot++) add(path.filter[knot] ?? -1);
  const own = filters.subarray(0, count);
  blocks.begin(own);
  const final = Math.min(last, path.lambda.length - 1);
  for (let knot = first; knot <= final; knot++) {
    cursor.seek(knot);
    for (let k = 0; k < cursor.count; k++)
      blocks.set(knot - first, slots[cursor.active[k] as number] as number, cursor.startValue(k));
  }
  return own;
}

/** The mean squared error at λ from the result of `segmentErrors`; never below 0. λ is brought into the range of the path. */
export function errorAt(path: LassoPath, errors: Float64Array, lambda: number): number {
  const cursor = new PathCursor(path);
  cursor.seekLambda(lambda);
  const [c0 = 0, c1 = 0, c2 = 0] = errors.subarray(cursor.segment * 3, cursor.segment * 3 + 3);
  const t = segmentFraction(path, cursor.segment, lambda);
  return Math.max(0, c0 + t * (c1 + t * c2));
}
