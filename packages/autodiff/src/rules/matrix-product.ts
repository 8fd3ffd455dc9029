import { floatAttr, intAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { broadcastDims } from '../emit/emitter.ts';
import type { RuleSet } from './rule.ts';

/** Matrix products: with Y = A·B, dA = dY·Bᵀ and dB = Aᵀ·dY. */
export const matrixProduct: RuleSet = {
  /** Y = alpha · A′·B′ + beta · C, where A′ and B′ are transposed on demand. */
  Gemm: {
    vjp: (site, [dy]) => {
      const { emit, inputs, node } = site;
      const [a, b, c] = inputs as [string, string, string?];
      const [turnA, turnB] = [intAttr(node, 'transA', 0) !== 0, intAttr(node, 'transB', 0) !== 0];
      const alpha = floatAttr(node, 'alpha', 1);
      const beta = floatAttr(node, 'beta', 1);
      const product = (left: string, right: string, transA: boolean, transB: boolean, dims: readonly number[]) =>
        emit.node(
          'Gemm',
          [left, right],
          { dims, type: emit.float },
          { transA: Number(transA), transB: Number(transB), alpha: { float: alpha } },
        );
      const gradientA = () =>
        turnA ? product(b, dy!, turnB, true, emit.shape(a)) : product(dy!, b, false, !turnB, emit.shape(a));
      const gradientB = () =>
        turnB ? product(dy!, a, true, turnA, emit.shape(b)) : product(a, dy!, !turnA, false, emit.shape(b));
      const gradientC = () => {
        const sum = emit.unbroadcast(dy!, emit.shape(c!));
        return beta === 1 ? sum : emit.mul(sum, emit.scalar(beta));
      };
      return [
        site.wants(0) ? gradientA() : undefined,
        site.wants(1) ? gradientB() : undefined,
        site.wants(2) ? gradientC() : undefined,
      ];
    },
  },

  /** Leading axes broadcast; a vector is a row on the left and a column on the right. */
  MatMul: {
    vjp: (site, [dy]) => {
      const { emit, inputs } = site;
      const [a, b] = inputs as [string, string];
      const [dimsA, dimsB] = [emit.shape(a), emit.shape(b)];
      const left = dimsA.length === 1 ? emit.reshape(a, [1, ...dimsA]) : a;
      const right = dimsB.length === 1 ? emit.reshape(b, [...dimsB, 1]) : b;
      const [fullA, fullB] = [emit.shape(left), emit.shape(right)];
      const batch = broadcastDims(fullA.slice(0, -2), fullB.slice(0, -2));
      const cotangent = emit.reshape(dy!, [...batch, fullA.at(-2)!, fullB.at(-1)!]);
      const back = (value: string, full: readonly number[], own: readonly number[]) =>
        emit.reshape(emit.unbroadcast(value, full), own);
      return [
        site.wants(0) ? back(emit.matmul(cotangent, swapped(emit, right)), fullA, dimsA) : undefined,
        site.wants(1) ? back(rightGradient(emit, left, cotangent, fullB), fullB, dimsB) : undefined,
      ];
    },
  },
};

/** A matrix that is shared by a stack of left factors: the stack is one tall factor, and nothing is left to add up. */
function rightGradient(emit: Emitter, left: string, cotangent: string, dims: readonly number[]): string {
  const [a, dy] = [emit.shape(left), emit.shape(cotangent)];
  if (dims.length > 2 || a.length !== dy.length) return emit.matmul(swapped(emit, left), cotangent);
  const flat = (value: string, full: readonly number[]) =>
    emit.reshape(value, [full.slice(0, -1).reduce((x, y) => x * y, 1), full.at(-1)!]);
  return emit.matmul(swapped(emit, flat(left, a)), flat(cotangent, dy));
}

/** The last two axes exchanged. */
function swapped(emit: Emitter, x: string): string {
  const rank = emit.shape(x).length;
  return emit.transpose(x, [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2]);
}
