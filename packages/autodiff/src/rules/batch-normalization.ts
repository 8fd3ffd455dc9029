import { floatAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { batchStatistics } from '../formulation/batch-statistics.ts';
import { sumsWith } from '../formulation/channel-sums.ts';
import type { RuleSet, Site } from './rule.ts';

/**
 * Batch normalisation (Ioffe and Szegedy 2015), y = scale · (x − mean) / √(variance + ε) + bias per channel. Which statistics are
 * meant is for the step to say, whatever the file says: the running ones, or in training those of the batch, through which the
 * gradient then flows. Running statistics move by momentum as ONNX defines it: running · m + batch · (1 − m), with the variance
 * of the batch divided by its count.
 */
export const batchNormalization: RuleSet = {
  BatchNormalization: {
    state: [3, 4],
    forward: (site) => {
      const { emit, inputs, node } = site;
      const [x, scale, bias, runningMean, runningVariance] = inputs as [string, string, string, string, string];
      const epsilon = floatAttr(node, 'epsilon', 1e-5);
      if (!site.training) return [normalised(emit, x, [scale, bias, runningMean, runningVariance], epsilon)];
      const { y, mean, variance } = batchStatistics(emit, { x, scale, bias, runningMean, runningVariance, epsilon });
      site.saved.set('mean', mean).set('variance', variance);
      const momentum = floatAttr(node, 'momentum', 0.9);
      const moved = [
        [3, runningMean, mean],
        [4, runningVariance, variance],
      ] as const;
      const next = moved.map(([input, running, batch]) => {
        const value = emit.add(emit.mul(running, emit.scalar(momentum)), emit.mul(batch, emit.scalar(1 - momentum)));
        site.update(input, value);
        return value;
      });
      return [y, ...next].slice(0, node.output.length);
    },
    vjp: (site, [dy]) => (site.training ? throughStatistics(site, dy!) : atStatistics(site, dy!)),
  },
};

/** The statistics are constants, or operands of their own. */
function atStatistics(site: Site, dy: string): readonly (string | undefined)[] {
  const { emit } = site;
  const [x, scale, , mean, variance] = site.inputs as [string, string, string, string, string];
  const inverse = inverseDeviation(site, variance);
  const slope = emit.mul(scale, inverse);
  const needsSums = [1, 2, 3, 4].some((input) => site.wants(input));
  const { own, along } = needsSums ? sumsWith(emit, dy, x) : { own: '', along: '' };
  const scaleGradient = needsSums ? emit.mul(inverse, emit.sub(along, emit.mul(mean, own))) : '';
  return [
    site.wants(0) ? emit.mul(dy, perChannel(emit, slope, x)) : undefined,
    scaleGradient,
    own,
    site.wants(3) ? emit.unary('Neg', emit.mul(own, slope)) : undefined,
    site.wants(4) ? emit.mul(emit.mul(scaleGradient, emit.scalar(-0.5)), emit.mul(slope, inverse)) : undefined,
  ];
}

/**
 * dx = slope · (dy − mean(dy) − x̂ · mean(dy · x̂)), where the part that depends on x is a batch normalisation of x again, with numbers
 * of its own for scale and bias: three passes over large values.
 */
function throughStatistics(site: Site, dy: string): readonly (string | undefined)[] {
  const { emit } = site;
  const [x, scale] = site.inputs as [string, string];
  const [mean, variance] = [site.saved.get('mean')!, site.saved.get('variance')!];
  const inverse = inverseDeviation(site, variance);
  const { own, along } = sumsWith(emit, dy, x);
  const scaleGradient = emit.mul(inverse, emit.sub(along, emit.mul(mean, own)));
  const back = (): string => {
    const [batch, , ...spatial] = emit.shape(x) as [number, number, ...number[]];
    const slope = emit.mul(scale, inverse);
    const share = emit.mul(slope, emit.scalar(-1 / spatial.reduce((a, b) => a * b, batch)));
    const parameters = [emit.mul(share, scaleGradient), emit.mul(share, own), mean, variance];
    const rest = normalised(emit, x, parameters, floatAttr(site.node, 'epsilon', 1e-5));
    return emit.add(emit.mul(dy, perChannel(emit, slope, x)), rest);
  };
  return [site.wants(0) ? back() : undefined, scaleGradient, own, undefined, undefined];
}

function inverseDeviation({ emit, node }: Site, variance: string): string {
  const epsilon = emit.scalar(floatAttr(node, 'epsilon', 1e-5));
  return emit.unary('Reciprocal', emit.unary('Sqrt', emit.add(variance, epsilon)));
}

function normalised(emit: Emitter, x: string, parameters: readonly string[], epsilon: number): string {
  return emit.node('BatchNormalization', [x, ...parameters], emit.typeOf(x), { epsilon: { float: epsilon } });
}

/** A vector of C laid along the channels of N × C × .... */
function perChannel(emit: Emitter, vector: string, x: string): string {
  const [, channels, ...spatial] = emit.shape(x) as [number, number, ...number[]];
  return emit.reshape(vector, [channels, ...spatial.map(() => 1)]);
}
