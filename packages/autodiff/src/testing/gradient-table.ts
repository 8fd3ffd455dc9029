import type { Attributes, Random, Tensor } from '@kneepoint/onnx';
import { DataType, seededRandom } from '@kneepoint/onnx';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases } from './cases.ts';
import { checkGradient, type GradientCheck } from './check-gradient.ts';
import { oneNode } from './one-node.ts';
import { checkForward } from './same-forward.ts';

/** One operator under one setting. Shapes that are a function of a source of numbers differ from round to round. */
export interface Row {
  readonly op: string;
  readonly operands: Operands | ((random: Random) => Operands);
  readonly attributes?: Attributes;
  readonly data?: GradientCheck['data'];
  /** Element types of the outputs, default one of FLOAT. */
  readonly outputs?: readonly DataType[];
  readonly options?: Omit<GradientCheck, 'model' | 'data'>;
}

type Operands = Readonly<Record<string, readonly number[] | Tensor | undefined>>;

/** More numbers for the same setting tell nothing new. */
const MOST_ROUNDS = 10;

/** A test for each row, by its title, each tried with several shapes and numbers. */
export function gradientTable(title: string, rows: Readonly<Record<string, Row>>): void {
  describe(title, () => {
    it.each(Object.entries(rows))('%s', async (_name, row) => {
      const rounds = Math.min(cases(2).numRuns, MOST_ROUNDS);
      for (let round = 1; round <= rounds; round++) await checkRow(row, round);
    });
  });
}

/** A test of random settings of an operator. */
export function gradientProperty(title: string, rows: fc.Arbitrary<Row>, quick = 15): void {
  it(title, async () => {
    await fc.assert(
      fc.asyncProperty(rows, (row) => checkRow(row, 1)),
      cases(quick),
    );
  });
}

/** Throws unless all gradients agree with difference quotients and the outputs are the runtime's. */
async function checkRow(row: Row, seed: number): Promise<void> {
  const operands = typeof row.operands === 'function' ? row.operands(seededRandom(seed)) : row.operands;
  const model = oneNode(row.op, operands, row.attributes, row.outputs ?? [DataType.FLOAT]);
  const check = { model, seed, ...(row.data && { data: row.data }), ...row.options };
  await checkGradient(check);
  if (!check.training) await checkForward(check);
}

/** Dimensions from 1 to `most` along each of `rank` axes. */
export function someDims(random: Random, rank = 3, most = 4): readonly number[] {
  return Array.from({ length: rank }, () => 1 + Math.floor(most * random.uniform()));
}

/** Two shapes that broadcast to each other: some axes of either are 1 or missing at the front. */
export function broadcastingDims(random: Random): readonly [readonly number[], readonly number[]] {
  const whole = someDims(random, 4, 3);
  const thinned = () => {
    const dims = whole.map((dim) => (random.uniform() < 0.4 ? 1 : dim));
    return dims.slice(Math.floor(3 * random.uniform()));
  };
  return [thinned(), thinned()];
}
