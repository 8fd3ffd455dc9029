import { Random } from '../../random.ts';

/** Families of designs, degenerate ones among them: each fills row i of an n × p design. */
const DESIGNS = {
  dense: (random, row) => row.map(() => random.normal()),
  smallIntegers: (random, row) => row.map(() => random.below(3) - 1),
  oneHot: (random, row) => {
    const hot = random.below(row.length);
    return row.map((_, j) => (j === hot ? 1 : 0));
  },
  duplicates: (random, row) => repeated(random, row, () => 1),
  signedDuplicates: (random, row) => repeated(random, row, (j) => (j % 2 === 0 ? 1 : -1)),
  binary: (random, row) => row.map(() => random.below(2)),
  nearlyCollinear: (random, row) => {
    const common = random.normal();
    return row.map(() => common + 0.02 * random.normal());
  },
  randomWalk: (random, row) => {
    let at = 0;
    return row.map(() => (at += random.normal()));
  },
  walsh: (_random, row, i) => row.map((_, j) => (bitsOf(i & j) % 2 === 0 ? 1 : -1)),
  sparseCodes: (random, row) => row.map(() => Math.max(0, random.normal() - 1.2)),
  lowRank: (random, row) => {
    const factors = [random.normal(), random.normal(), random.normal()];
    return row.map((_, j) => factors.reduce((sum, f, k) => sum + f * Math.sin((j + 1) * (k + 1)), 0));
  },
  deadAndScaled: (random, row) =>
    row.map((_, j) => (j % 4 === 3 ? 5 : 10 ** ((j % 3) - 1) * Math.max(0, random.normal()))),
} as const satisfies Record<string, (random: Random, row: number[], i: number) => number[]>;

export type DesignKind = keyof typeof DESIGNS;
export const DESIGN_KINDS = Object.keys(DESIGNS) as DesignKind[];

export interface RandomDesign {
  readonly kind: DesignKind;
  readonly n: number;
  readonly p: number;
  readonly targets: number;
  readonly design: Float64Array;
  readonly labels: Float64Array;
  readonly standardise: boolean;
}

/** The design number `seed`: its kind goes round, sizes are random, more filters than rows in about a third. */
export function randomDesign(seed: number, largest: number, targets = 1): RandomDesign {
  const random = Random.seeded(20_260, seed);
  const kind = DESIGN_KINDS[seed % DESIGN_KINDS.length] as DesignKind;
  const p = 1 + random.below(largest);
  const n = 3 + random.below(Math.ceil(1.5 * largest));
  const design = new Float64Array(n * p);
  for (let i = 0; i < n; i++) design.set(DESIGNS[kind](random, new Array<number>(p).fill(0), i), i * p);
  const labels = new Float64Array(n * targets);
  const rule = random.below(4);
  for (let t = 0; t < targets; t++)
    for (let i = 0; i < n; i++) labels[i * targets + t] = label(rule, random, design.subarray(i * p, (i + 1) * p), t);
  return { kind, n, p, targets, design, labels, standardise: random.below(2) === 0 };
}

function label(rule: number, random: Random, row: Float64Array, target: number): number {
  if (rule === 0) return random.normal();
  if (rule === 1) return random.below(2);
  if (rule === 2) return row.reduce((sum, x, j) => sum + x * (((j + target) % 3) - 1), 0);
  return row.reduce((sum, x) => sum + x, 0) + random.below(3) - 1;
}

function repeated(random: Random, row: number[], sign: (j: number) => number): number[] {
  let last = 0;
  return row.map((_, j) => {
    if (j % 3 === 0) last = random.below(5) - 2;
    return j % 3 === 0 ? last : sign(j) * last;
  });
}

function bitsOf(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}
