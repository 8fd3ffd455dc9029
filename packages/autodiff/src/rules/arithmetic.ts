import { isFloatType, tensorNumbers } from '@kneepoint/onnx';
import { asMask } from './indicator.ts';
import { forWanted } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';

/** Arithmetic of two or more values with broadcasting, and elementary functions of one. */
export const arithmetic: RuleSet = {
  Add: vjp((site, [dy]) => forWanted(site, (_, shape) => site.emit.unbroadcast(dy!, shape))),

  Sum: vjp((site, [dy]) => forWanted(site, (_, shape) => site.emit.unbroadcast(dy!, shape))),

  Sub: vjp((site, [dy]) =>
    forWanted(site, (input, shape) => {
      const reduced = site.emit.unbroadcast(dy!, shape);
      return input === 0 ? reduced : site.emit.unary('Neg', reduced);
    }),
  ),

  Mul: vjp((site, [dy]) => {
    const { emit, inputs } = site;
    return forWanted(site, (input, shape) => emit.unbroadcast(emit.mul(dy!, inputs[1 - input]!), shape));
  }),

  Div: vjp((site, [dy]) => {
    const { emit, inputs, outputs } = site;
    const quotient = emit.div(dy!, inputs[1]!);
    return forWanted(site, (input, shape) => {
      if (input === 0) return emit.unbroadcast(quotient, shape);
      return emit.unary('Neg', emit.unbroadcast(emit.mul(quotient, outputs[0]!), shape));
    });
  }),

  Pow: vjp((site, [dy]) => {
    const { emit, inputs } = site;
    return forWanted(site, (input, shape) => {
      if (input === 1 && !isFloatType(emit.typeOf(inputs[1]!).type)) return undefined;
      return emit.unbroadcast(emit.mul(dy!, input === 0 ? powerSlope(site) : exponentSlope(site)), shape);
    });
  }),

  // The CPU has no float64 kernel and CUDA none at all.
  Mean: {
    forward: ({ emit, inputs }) => {
      const sum = inputs.reduce((a, b) => emit.add(a, b));
      return [emit.mul(sum, emit.scalar(1 / inputs.length))];
    },
    vjp: (site, [dy]) => {
      const { emit, inputs } = site;
      const share = emit.mul(dy!, emit.scalar(1 / inputs.length));
      return forWanted(site, (_, shape) => emit.unbroadcast(share, shape));
    },
  },

  Where: vjp((site, [dy]) => {
    const { emit, inputs } = site;
    const taken = emit.mul(dy!, asMask(emit, inputs[0]!));
    return forWanted(site, (input, shape) => {
      if (input === 0) return undefined;
      return emit.unbroadcast(input === 1 ? taken : emit.sub(dy!, taken), shape);
    });
  }),

  Neg: vjp(({ emit }, [dy]) => [emit.unary('Neg', dy!)]),
  Abs: vjp(({ emit, inputs: [x] }, [dy]) => [emit.mul(dy!, emit.unary('Sign', x!))]),
  Sqrt: vjp(({ emit, outputs: [y] }, [dy]) => [emit.div(emit.mul(dy!, emit.scalar(0.5)), y!)]),
  Exp: vjp(({ emit, outputs: [y] }, [dy]) => [emit.mul(dy!, y!)]),
  Log: vjp(({ emit, inputs: [x] }, [dy]) => [emit.div(dy!, x!)]),
  Reciprocal: vjp(({ emit, outputs: [y] }, [dy]) => [emit.unary('Neg', emit.mul(dy!, emit.mul(y!, y!)))]),
  Sin: vjp(({ emit, inputs: [x] }, [dy]) => [emit.mul(dy!, emit.unary('Cos', x!))]),
  Cos: vjp(({ emit, inputs: [x] }, [dy]) => [emit.unary('Neg', emit.mul(dy!, emit.unary('Sin', x!)))]),
};

/** The derivative of x^e by x: e · x^(e − 1). */
function powerSlope(site: Site): string {
  const { emit } = site;
  const [x, exponent] = site.inputs as [string, string];
  const fixed = site.constant(1);
  const values = fixed ? tensorNumbers(fixed) : [];
  if (values.length === 1) {
    const e = values[0]!;
    if (e === 0) return emit.scalar(0);
    if (e === 1) return emit.scalar(1);
    if (e === 2) return emit.mul(x, emit.scalar(2));
    if (e === 0.5) return emit.div(emit.scalar(0.5), site.outputs[0]!);
    return emit.mul(emit.binary('Pow', x, emit.scalar(e - 1)), emit.scalar(e));
  }
  const e = emit.cast(exponent, emit.float);
  const one = emit.scalar(1);
  // Where e is 0 the derivative is 0, also at x = 0, where 0 · 0^(-1) would be no number.
  const lowered = emit.where(emit.binary('Equal', e, emit.scalar(0)), one, emit.sub(e, one));
  return emit.mul(emit.binary('Pow', x, lowered), e);
}

/** The derivative of x^e by e: x^e · log x, and 0 at x = 0; it is not defined for negative x, where 0 stands. */
function exponentSlope(site: Site): string {
  const { emit } = site;
  const [x] = site.inputs as [string];
  const positive = emit.binary('Greater', x, emit.scalar(0));
  const log = emit.unary('Log', emit.where(positive, x, emit.scalar(1)));
  return emit.mul(site.outputs[0]!, log);
}
