import type { Attributes, Random, Tensor } from '@kneepoint/onnx';
import { DataType, seededRandom } from '@kneepoint/onnx';
import { describe, it } from 'vitest';
import { checkGradient, type GradientCheck } from './check-gradient.ts';
import { oneNode } from './one-node.ts';
import { checkForward } from './same-forward.ts';

/** One operator under one setting. Shapes and data that are functions of a source of numbers differ from round to round. */
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

/** How often each row is tried with other shapes and numbers. */
const ROUNDS = Number(process.env['KNEEPOINT_GRADIENT_ROUNDS'] ?? 2);

/** A test for each row, by its title: all gradients agree with difference quotients, the outputs with the runtime's. */
export function gradientTable(title: string, rows: Readonly<Record<string, Row>>): void {
  describe(title, () => {
    it.each(Object.entries(rows))('%s', async (_name, row) => {
      for (let round = 1; round <= ROUNDS; round++) {
        const operands = typeof row.operands === 'function' ? row.operands(seededRandom(round)) : row.operands;
        const model = oneNode(row.op, operands, row.attributes, row.outputs ?? [DataType.FLOAT]);
        const check = { model, seed: round, ...(row.data && { data: row.data }), ...row.options };
        await checkGradient(check);
        if (!check.training) await checkForward(check);
      }
    });
  });
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
