import type { GramProblem, GroupProblem } from '../gram-problem.ts';

/** Centres a design (n × p) and targets (n × T) and reduces them to moments; `standardise` divides columns by their deviation. */
export function groupProblemOf(
  design: Float64Array,
  labels: Float64Array,
  { p, targets, standardise = false }: { readonly p: number; readonly targets: number; readonly standardise?: boolean },
): GroupProblem {
  const n = design.length / p;
  const x = centred(design, n, p);
  const y = centred(labels, n, targets);
  if (standardise) divideByDeviation(x, n, p);
  const gram = new Float64Array(p * p);
  const xty = new Float64Array(p * targets);
  let yy = 0;
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < p; a++) {
      const share = (x[i * p + a] as number) / n;
      for (let b = 0; b <= a; b++) gram[a * p + b] = (gram[a * p + b] as number) + share * (x[i * p + b] as number);
      for (let t = 0; t < targets; t++)
        xty[a * targets + t] = (xty[a * targets + t] as number) + share * (y[i * targets + t] as number);
    }
    for (let t = 0; t < targets; t++) yy += (y[i * targets + t] as number) ** 2 / n;
  }
  for (let a = 0; a < p; a++) for (let b = 0; b < a; b++) gram[b * p + a] = gram[a * p + b] as number;
  return { p, targets, gram, xty, yy };
}

/** As groupProblemOf, for one target. */
export function problemOf(design: Float64Array, labels: Float64Array, p: number, standardise = false): GramProblem {
  return groupProblemOf(design, labels, { p, targets: 1, standardise });
}

function centred(values: Float64Array, n: number, columns: number): Float64Array {
  const result = Float64Array.from(values);
  for (let j = 0; j < columns; j++) {
    let mean = 0;
    for (let i = 0; i < n; i++) mean += (values[i * columns + j] as number) / n;
    for (let i = 0; i < n; i++) result[i * columns + j] = (values[i * columns + j] as number) - mean;
  }
  return result;
}

function divideByDeviation(x: Float64Array, n: number, p: number): void {
  for (let j = 0; j < p; j++) {
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (x[i * p + j] as number) ** 2 / n;
    if (variance <= 1e-20) continue;
    for (let i = 0; i < n; i++) x[i * p + j] = (x[i * p + j] as number) / Math.sqrt(variance);
  }
}
