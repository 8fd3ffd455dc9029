import { floatAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { above, asMask, route } from './indicator.ts';
import type { RuleSet, Site } from './rule.ts';
import { vjp } from './rule.ts';

/**
 * Element-wise activations. Derivatives are taken from the output where it determines them: the input need not stay in memory then,
 * and ONNX Runtime may compute the activation within the convolution before it.
 */
export const activations: RuleSet = {
  Relu: elementwise(({ emit, outputs: [y] }, dy) => emit.mul(dy, above(emit, y!))),

  LeakyRelu: elementwise((site, dy) => {
    const { emit, inputs, outputs } = site;
    const slope = floatAttr(site.node, 'alpha', 0.01);
    return emit.mul(dy, slopeBelowZero(emit, slope, inputs[0]!, outputs[0]!));
  }),

  PRelu: vjp((site, [dy]) => {
    const { emit, inputs } = site;
    const [x, slope] = inputs as [string, string];
    const [positive, negative] = route(emit, dy!, above(emit, x));
    return [
      site.wants(0) ? emit.add(positive, emit.mul(negative, slope)) : undefined,
      site.wants(1) ? emit.unbroadcast(emit.mul(negative, x), emit.shape(slope)) : undefined,
    ];
  }),

  Elu: elementwise((site, dy) => {
    const alpha = floatAttr(site.node, 'alpha', 1);
    return site.emit.mul(dy, exponentialSlope(site, 1, alpha));
  }),

  Selu: elementwise((site, dy) => {
    const alpha = floatAttr(site.node, 'alpha', 1.67326319217681884765625);
    const gamma = floatAttr(site.node, 'gamma', 1.05070102214813232421875);
    return site.emit.mul(dy, exponentialSlope(site, gamma, gamma * alpha));
  }),

  Celu: {
    // The operator takes float32 only, which a check in float64 must go around.
    forward: (site) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const alpha = emit.scalar(floatAttr(site.node, 'alpha', 1));
      const curve = emit.mul(alpha, emit.sub(emit.unary('Exp', emit.div(x, alpha)), emit.scalar(1)));
      return [emit.add(emit.unary('Relu', x), emit.binary('Min', curve, emit.scalar(0)))];
    },
    vjp: (site, [dy]) => {
      const { emit, outputs } = site;
      const scaled = emit.mul(outputs[0]!, emit.scalar(1 / floatAttr(site.node, 'alpha', 1)));
      return [emit.mul(dy!, emit.binary('Min', emit.add(scaled, emit.scalar(1)), emit.scalar(1)))];
    },
  },

  ThresholdedRelu: elementwise((site, dy) => {
    const threshold = floatAttr(site.node, 'alpha', 1);
    return site.emit.mul(dy, above(site.emit, site.inputs[0]!, threshold));
  }),

  Clip: vjp((site, [dy]) => {
    const { emit, inputs, outputs } = site;
    const [x = '', low = '', high = ''] = inputs;
    const outside = (comparison: string, bound: string): string =>
      emit.unbroadcast(emit.mul(dy!, asMask(emit, emit.binary(comparison, x, bound))), emit.shape(bound));
    return [
      site.wants(0) ? emit.mul(dy!, asMask(emit, emit.binary('Equal', x, outputs[0]!))) : undefined,
      site.wants(1) ? outside('Less', low) : undefined,
      site.wants(2) ? outside('Greater', high) : undefined,
    ];
  }),

  Sigmoid: elementwise(({ emit, outputs: [y] }, dy) => {
    const part = emit.mul(dy, y!);
    return emit.sub(part, emit.mul(part, y!));
  }),

  Tanh: elementwise(({ emit, outputs: [y] }, dy) => emit.sub(dy, emit.mul(dy, emit.mul(y!, y!)))),

  HardSigmoid: elementwise((site, dy) => {
    const { emit, outputs } = site;
    const y = outputs[0]!;
    const inside = above(emit, emit.sub(y, emit.mul(y, y)));
    return emit.mul(dy, emit.mul(inside, emit.scalar(floatAttr(site.node, 'alpha', 0.2))));
  }),

  // x · clip(x / 6 + 1/2, 0, 1): its slope is x / 3 + 1/2 between -3 and 3, and jumps to 0 and 1 there.
  HardSwish: elementwise(({ emit, inputs: [x] }, dy) => {
    const between = emit.binary('Less', emit.unary('Abs', x!), emit.scalar(3));
    const slope = emit.add(emit.mul(x!, emit.scalar(1 / 3)), emit.scalar(0.5));
    return emit.mul(dy, emit.where(between, slope, above(emit, x!)));
  }),

  Softplus: elementwise(({ emit, inputs: [x] }, dy) => emit.mul(dy, emit.unary('Sigmoid', x!))),

  Softsign: elementwise(({ emit, outputs: [y] }, dy) => {
    const root = emit.sub(emit.scalar(1), emit.unary('Abs', y!));
    return emit.mul(dy, emit.mul(root, root));
  }),

  // x · tanh(softplus(x)) (Misra 2019); the runtime would take it apart in the same way.
  Mish: {
    forward: (site) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const gate = emit.unary('Tanh', emit.unary('Softplus', x));
      site.saved.set('gate', gate);
      return [emit.mul(x, gate)];
    },
    vjp: (site, [dy]) => {
      const { emit, outputs } = site;
      const [x] = site.inputs as [string];
      const gate = site.saved.get('gate')!;
      const bend = emit.sub(x, emit.mul(outputs[0]!, gate));
      return [emit.mul(dy!, emit.add(gate, emit.mul(bend, emit.unary('Sigmoid', x))))];
    },
  },
};

/** A rule for an operator with one operand that is differentiated. */
function elementwise(slope: (site: Site, dy: string) => string) {
  return vjp((site, [dy]) => [slope(site, dy!)]);
}

/** 1 above zero, the slope elsewhere. */
function slopeBelowZero(emit: Emitter, slope: number, x: string, y: string): string {
  if (slope >= 0 && slope < 1) {
    // Scaled beyond [slope, 1] and clipped there: two passes, and the output has the sign of the input.
    return emit.node('Clip', [emit.mul(y, emit.scalar(2 ** 100)), emit.scalar(slope), emit.scalar(1)], emit.typeOf(y));
  }
  return emit.add(emit.mul(above(emit, x), emit.scalar(1 - slope)), emit.scalar(slope));
}

/** The slope of scale · x above zero and of an exponential that approaches -depth below: the output plus depth there. */
function exponentialSlope(site: Site, scale: number, depth: number): string {
  const { emit } = site;
  const [x, y] = [site.inputs[0]!, site.outputs[0]!];
  const below = emit.add(y, emit.scalar(depth));
  if (scale === depth && scale > 0) return emit.binary('Min', below, emit.scalar(scale));
  return emit.where(emit.binary('Greater', x, emit.scalar(0)), emit.scalar(scale), below);
}
