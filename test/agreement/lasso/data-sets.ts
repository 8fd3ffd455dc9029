import { type GramProblem, Random } from '@kneepoint/regression';

/** A centred design of unit variance (n × p, row-major), a centred target, and what the solvers are given of them. */
export interface DataSet {
  readonly name: string;
  readonly n: number;
  readonly p: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly problem: GramProblem;
  /** For each filter the first one that it equals, and the sign: a repeated filter has no coefficient of its own. */
  readonly alike: readonly (readonly [filter: number, sign: number])[];
}

type Row = (random: Random, p: number) => number[];

const walk: Row = (random, p) => {
  let at = random.normal();
  return Array.from({ length: p }, () => {
    const value = at;
    at = 0.7 * at + Math.sqrt(1 - 0.7 ** 2) * random.normal();
    return value;
  });
};

const codes: Row = (random, p) =>
  Array.from({ length: p }, (_, j) => (j % 10 === 9 ? 0 : Math.max(0, random.normal() - 0.8)));

const twins: Row = (random, p) => {
  const half = walk(random, p / 2);
  return [...half, ...half.map((value, j) => (j % 2 === 0 ? value : -value))];
};

const near: Row = (random, p) => {
  const common = random.normal();
  return Array.from({ length: p }, () => common + 0.1 * random.normal());
};

/** Five designs: correlated, sparse codes with dead filters, p > n, every filter twice (one half with the other sign), nearly collinear. */
export function dataSets(): DataSet[] {
  return [
    make('correlated', 200, 30, 1, walk),
    make('sparse codes', 300, 40, 2, codes),
    make('more filters than rows', 40, 80, 3, walk),
    make('duplicated', 100, 20, 4, twins),
    make('nearly collinear', 150, 25, 5, near),
  ];
}

function make(name: string, n: number, p: number, seed: number, row: Row): DataSet {
  const random = Random.seeded(1905, seed);
  const x = new Float64Array(n * p);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const values = row(random, p);
    x.set(values, i * p);
    y[i] = values.reduce((sum, value, j) => sum + (j % 5 === 0 ? ((j % 3) - 0.7) * value : 0), 0.5 * random.normal());
  }
  for (let j = 0; j < p; j++) standardise(x, j, p, n, true);
  standardise(y, 0, 1, n, false);
  return { name, n, p, x, y, problem: moments(x, y, n, p), alike: likeness(x, n, p) };
}

function standardise(values: Float64Array, from: number, step: number, n: number, scale: boolean): void {
  const at = (i: number) => from + i * step;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += (values[at(i)] as number) / n;
  let variance = 0;
  for (let i = 0; i < n; i++) variance += ((values[at(i)] as number) - mean) ** 2 / n;
  const deviation = scale && variance > 0 ? Math.sqrt(variance) : 1;
  for (let i = 0; i < n; i++) values[at(i)] = ((values[at(i)] as number) - mean) / deviation;
}

function moments(x: Float64Array, y: Float64Array, n: number, p: number): GramProblem {
  const gram = new Float64Array(p * p);
  const xty = new Float64Array(p);
  let yy = 0;
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < p; a++) {
      const share = (x[i * p + a] as number) / n;
      for (let b = 0; b < p; b++) gram[a * p + b] = (gram[a * p + b] as number) + share * (x[i * p + b] as number);
      xty[a] = (xty[a] as number) + share * (y[i] as number);
    }
    yy += (y[i] as number) ** 2 / n;
  }
  return { p, gram, xty, yy };
}

function likeness(x: Float64Array, n: number, p: number): [number, number][] {
  const same = (a: number, b: number, sign: number) => {
    for (let i = 0; i < n; i++)
      if (Math.abs((x[i * p + a] as number) - sign * (x[i * p + b] as number)) > 1e-12) return false;
    return true;
  };
  return Array.from({ length: p }, (_, j) => {
    for (let i = 0; i < j; i++) for (const sign of [1, -1]) if (same(i, j, sign)) return [i, sign];
    return [j, 1];
  });
}
