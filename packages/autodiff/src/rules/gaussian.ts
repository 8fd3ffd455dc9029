import { DataType, stringAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import type { RuleSet, Site } from './rule.ts';

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);
/** Of the approximation by tanh (Hendrycks and Gimpel 2016). */
const CUBIC = 0.044715;
const SPREAD = Math.sqrt(2 / Math.PI);

/** The error function and the Gaussian error linear unit, which is an operator of its own since opset 20. */
export const gaussian: RuleSet = {
  Erf: {
    forward: ({ emit, inputs: [x] }) => [erf(emit, x!)],
    vjp: ({ emit, inputs: [x] }, [dy]) => [
      emit.mul(dy!, emit.mul(emit.unary('Exp', negativeSquare(emit, x!)), emit.scalar(TWO_OVER_ROOT_PI))),
    ],
  },

  Gelu: {
    forward: (site) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const half = emit.scalar(0.5);
      const gate = emit.add(emit.mul(innerCurve(site, x), half), half);
      site.saved.set('gate', gate);
      return [emit.mul(x, gate)];
    },
    // gate + x · gate'
    vjp: (site, [dy]) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const gate = site.saved.get('gate')!;
      return [emit.mul(dy!, emit.add(gate, emit.mul(x, gateSlope(site, x, gate))))];
    },
  },
};

function isApproximate({ node }: Site): boolean {
  return stringAttr(node, 'approximate', 'none') === 'tanh';
}

/** What the gate is half of, less a half: erf(x / √2), or its approximation tanh(√(2/π) (x + 0.044715 x³)). */
function innerCurve(site: Site, x: string): string {
  const { emit } = site;
  if (!isApproximate(site)) return erf(emit, emit.mul(x, emit.scalar(Math.SQRT1_2)));
  const stretch = emit.add(emit.mul(emit.mul(x, x), emit.scalar(SPREAD * CUBIC)), emit.scalar(SPREAD));
  return emit.unary('Tanh', emit.mul(x, stretch));
}

function gateSlope(site: Site, x: string, gate: string): string {
  const { emit } = site;
  if (!isApproximate(site)) {
    const bell = emit.unary('Exp', emit.mul(negativeSquare(emit, x), emit.scalar(0.5)));
    return emit.mul(bell, emit.scalar(1 / Math.sqrt(2 * Math.PI)));
  }
  // With gate = (1 + t) / 2: gate' = (1 - t²) / 2 · inner' = 2 gate (1 - gate) · inner'.
  const inner = emit.add(emit.mul(emit.mul(x, x), emit.scalar(6 * SPREAD * CUBIC)), emit.scalar(2 * SPREAD));
  return emit.mul(emit.sub(gate, emit.mul(gate, gate)), inner);
}

function negativeSquare(emit: Emitter, x: string): string {
  return emit.unary('Neg', emit.mul(x, x));
}

/**
 * The error function. The CPU has it in float32 only; to check formulas in float64 it is summed up as
 * 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!! (Abramowitz and Stegun 7.1.6), whose terms are all positive: exact for |x| < 5.
 */
function erf(emit: Emitter, x: string): string {
  if (emit.float !== DataType.DOUBLE) return emit.unary('Erf', x);
  const square = emit.mul(x, x);
  const one = emit.scalar(1);
  let sum = one;
  for (let n = 100; n > 0; n--) sum = emit.add(emit.mul(emit.mul(sum, square), emit.scalar(2 / (2 * n + 1))), one);
  return emit.mul(
    emit.mul(x, sum),
    emit.mul(emit.unary('Exp', negativeSquare(emit, x)), emit.scalar(TWO_OVER_ROOT_PI)),
  );
}
