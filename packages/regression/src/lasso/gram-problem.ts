import { Failure } from '@kneepoint/failures';

/**
 * A least-squares problem with one target, reduced to centred second moments of n rows:
 * gram = XᵀX/n (p × p row-major, symmetric), xty = Xᵀy/n (p), yy = yᵀy/n, X and y with their means taken off.
 */
export interface GramProblem {
  readonly p: number;
  readonly gram: Float64Array;
  readonly xty: Float64Array;
  readonly yy: number;
}

/** As GramProblem with T targets: xty is p × T row-major, yy the sum over the targets. */
export interface GroupProblem extends GramProblem {
  readonly targets: number;
}

/** The variance at or under which a filter counts as constant: 1e-14 of the largest one. */
export function constantVariance({ p, gram }: GramProblem): number {
  let largest = 0;
  for (let i = 0; i < p; i++) largest = Math.max(largest, gram[i * p + i] as number);
  return 1e-14 * largest;
}

/** The size at or under which a covariance with the target is rounding: 1e-13 of what the variances allow. */
export function covarianceFloor({ p, gram, yy }: GramProblem): number {
  let largest = 0;
  for (let i = 0; i < p; i++) largest = Math.max(largest, gram[i * p + i] as number);
  return 1e-13 * Math.sqrt(largest * yy);
}

const ASYMMETRY = 1e-9;
const LARGEST_P = 8192;

/**
 * Says whether the Gram matrix is within `tolerance` of its transpose and nowhere over `bound` in size. A kernel that copies the
 * matrix anyway answers several times as fast as the check written here, which then only has to find what is wrong.
 */
export type SymmetryTest = (tolerance: number, bound: number) => boolean;

/**
 * Checks sizes, finiteness, symmetry and the Cauchy-Schwarz bounds that every matrix of moments keeps.
 * Throws REGRESSION_SHAPE, REGRESSION_NOT_FINITE, REGRESSION_GRAM_INVALID or REGRESSION_TOO_LARGE.
 */
export function checkProblem(problem: GramProblem, targets = 1, isSymmetric?: SymmetryTest): void {
  const { p, gram, xty, yy } = problem;
  if (!Number.isInteger(p) || p < 1)
    throw new Failure('REGRESSION_SHAPE', `a problem of ${p} filters`, { fix: 'a whole number from 1 on' });
  if (p > LARGEST_P)
    throw new Failure('REGRESSION_TOO_LARGE', `a Gram matrix of ${p} filters is over the limit of ${LARGEST_P}`, {
      fix: `at most ${LARGEST_P} filters in a layer`,
    });
  checkLength('gram', gram, p * p);
  checkLength('xty', xty, p * targets);
  if (!Number.isFinite(yy)) notFinite('yy', yy);
  const odd = xty.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) notFinite(`xty[${odd}]`, xty[odd] as number);
  if (yy < 0) invalid(`yy is ${yy}`, 'yy', 'a sum of squares');
  let largest = 0;
  for (let i = 0; i < p; i++) {
    const own = gram[i * p + i] as number;
    if (!Number.isFinite(own)) notFinite(`gram[${i}][${i}]`, own);
    if (own < 0) invalid(`the variance of filter ${i} is ${own}`, `gram[${i}][${i}]`, 'variances of 0 or more');
    largest = Math.max(largest, own);
  }
  if (isSymmetric?.(ASYMMETRY * largest, 2 * largest) !== true) checkSymmetry(p, gram, largest);
  const slack = 1 + 1e-6;
  for (let i = 0; i < p; i++) {
    let square = 0;
    for (let t = 0; t < targets; t++) square += (xty[i * targets + t] as number) ** 2;
    const bound = (gram[i * p + i] as number) * yy * slack + 1e-12 * largest * yy;
    if (square > bound)
      invalid(
        `filter ${i} has more covariance with the target (${Math.sqrt(square)}) than their variances allow (${Math.sqrt(bound)})`,
        `xty[${i}]`,
        'gram, xty and yy of the same rows, all divided by n',
      );
  }
}

function checkSymmetry(p: number, gram: Float64Array, largest: number): void {
  const tile = 32;
  const tolerance = ASYMMETRY * largest;
  for (let i0 = 0; i0 < p; i0 += tile)
    for (let j0 = 0; j0 <= i0; j0 += tile)
      for (let i = i0; i < Math.min(i0 + tile, p); i++)
        for (let j = j0; j < Math.min(j0 + tile, i); j++) {
          const below = gram[i * p + j] as number;
          const above = gram[j * p + i] as number;
          if (Math.abs(below - above) <= tolerance && Math.abs(below) <= 2 * largest) continue;
          if (!Number.isFinite(below)) notFinite(`gram[${i}][${j}]`, below);
          if (!Number.isFinite(above)) notFinite(`gram[${j}][${i}]`, above);
          if (Math.abs(below - above) <= tolerance)
            invalid(`filters ${i} and ${j} have covariance ${below}, over both variances`, `gram[${i}][${j}]`, 'XᵀX/n');
          invalid(`${below} below the diagonal is ${above} above it`, `gram[${i}][${j}]`, 'a symmetric matrix, XᵀX/n');
        }
}

function checkLength(name: string, array: Float64Array, expected: number): void {
  if (array.length !== expected)
    throw new Failure('REGRESSION_SHAPE', `${name} has ${array.length} numbers`, {
      where: name,
      fix: `${expected} numbers`,
    });
}

function notFinite(where: string, value: number): never {
  throw new Failure('REGRESSION_NOT_FINITE', `${where} is ${value}`, { where, fix: 'finite moments' });
}

function invalid(message: string, where: string, fix: string): never {
  throw new Failure('REGRESSION_GRAM_INVALID', message, { where, fix });
}
