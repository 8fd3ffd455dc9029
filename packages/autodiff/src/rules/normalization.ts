import { DataType, elementCount, floatAttr, intAttr } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { frontAxis, refused } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';

/**
 * Normalisations by statistics of each example: of its last axes, of each channel, of groups of channels. They are the same with
 * and without training. Only the statistics are kept for the way back; the normalised value costs less to make again than to hold.
 */
export const normalization: RuleSet = {
  // The runtime's kernel hands out its statistics, but in float32 only.
  LayerNormalization: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const [x, scale, bias = ''] = inputs as [string, string, string?];
      const axes = lastAxes(site);
      if (emit.float === DataType.DOUBLE) {
        const stats = measure(emit, x, axes, epsilonOf(site));
        save(site, stats);
        return [shifted(emit, emit.mul(normalised(emit, x, stats), scale), bias), stats.mean, stats.inverse];
      }
      const dims = emit.shape(x).map((dim, axis) => (axes.includes(axis) ? 1 : dim));
      const types = [emit.typeOf(x), { dims, type: emit.float }, { dims, type: emit.float }];
      const attributes = { axis: intAttr(node, 'axis', -1), epsilon: { float: epsilonOf(site) } };
      const [y, mean, inverse] = emit.multi('LayerNormalization', inputs, types, attributes) as [
        string,
        string,
        string,
      ];
      save(site, { mean, inverse });
      return [y, mean, inverse];
    },
    vjp: (site, [dy, ...others]) => {
      rejectStatistics(site, others);
      const { emit, inputs } = site;
      const [x, scale, bias = ''] = inputs as [string, string, string?];
      return backward(site, { x, dy: dy!, axes: lastAxes(site), scale, bias, shape: emit.shape(scale) });
    },
  },

  // No float64 kernel on the CPU.
  InstanceNormalization: {
    forward: (site) => {
      const { emit, inputs } = site;
      const [x, scale, bias] = inputs as [string, string, string];
      const stats = measure(emit, x, spatialAxes(emit, x), epsilonOf(site));
      save(site, stats);
      if (emit.float !== DataType.DOUBLE) return emit.copy(site.node, inputs, [emit.typeOf(x)]);
      const shape = perChannel(emit, x);
      const scaled = emit.mul(normalised(emit, x, stats), emit.reshape(scale, shape));
      return [emit.add(scaled, emit.reshape(bias, shape))];
    },
    vjp: (site, [dy]) => {
      const { emit, inputs } = site;
      const [x, scale, bias] = inputs as [string, string, string];
      const shape = perChannel(emit, x);
      return backward(site, { x, dy: dy!, axes: spatialAxes(emit, x), scale, bias, shape });
    },
  },

  /** Scale and bias are per group in opset 18, per channel from 21 on; which of them follows from their length. */
  GroupNormalization: {
    forward: (site) => {
      const { emit } = site;
      const { x, scale, bias, dims, axes, shape } = grouped(site);
      const stats = measure(emit, x, axes, epsilonOf(site));
      save(site, stats);
      const scaled = emit.mul(normalised(emit, x, stats), emit.reshape(scale, shape));
      return [emit.reshape(emit.add(scaled, emit.reshape(bias, shape)), dims)];
    },
    vjp: (site, [dy]) => {
      const { emit } = site;
      const { x, scale, bias, dims, axes, shape } = grouped(site);
      const flowing = emit.reshape(dy!, emit.shape(x));
      const [dx, ...rest] = backward(site, { x, dy: flowing, axes, scale, bias, shape });
      return [dx === undefined ? undefined : emit.reshape(dx, dims), ...rest];
    },
  },
};

interface Statistics {
  readonly mean: string;
  /** 1 / √(variance + ε). */
  readonly inverse: string;
}

function measure(emit: Emitter, x: string, axes: readonly number[], epsilon: number): Statistics {
  const mean = emit.reduceMean(x, axes);
  const centred = emit.sub(x, mean);
  const variance = emit.reduceMean(emit.mul(centred, centred), axes);
  return { mean, inverse: emit.unary('Reciprocal', emit.unary('Sqrt', emit.add(variance, emit.scalar(epsilon)))) };
}

function normalised(emit: Emitter, x: string, { mean, inverse }: Statistics): string {
  return emit.mul(emit.sub(x, mean), inverse);
}

interface Normalised {
  readonly x: string;
  readonly dy: string;
  readonly axes: readonly number[];
  readonly scale: string;
  /** '' where there is none. */
  readonly bias: string;
  /** Of scale and bias, so that they broadcast against x. */
  readonly shape: readonly number[];
}

/**
 * With x̂ = (x − mean) / σ and g = dy · scale: dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ, the means over the axes of the
 * statistics (Ioffe and Szegedy 2015, section 3). Cotangents of x, scale and bias.
 */
function backward(site: Site, { x, dy, axes, scale, bias, shape }: Normalised): readonly (string | undefined)[] {
  const { emit } = site;
  const stats = { mean: site.saved.get('mean')!, inverse: site.saved.get('inverse')! };
  const plain = site.wants(0) || site.wants(1) ? normalised(emit, x, stats) : '';
  const back = (): string => {
    const g = emit.mul(dy, emit.reshape(scale, shape));
    const along = emit.mul(plain, emit.reduceMean(emit.mul(g, plain), axes));
    return emit.mul(emit.sub(emit.sub(g, emit.reduceMean(g, axes)), along), stats.inverse);
  };
  const parameter = (cotangent: string, name: string): string =>
    emit.reshape(emit.unbroadcast(cotangent, shape), emit.shape(name));
  return [
    site.wants(0) ? back() : undefined,
    site.wants(1) ? parameter(emit.mul(dy, plain), scale) : undefined,
    site.wants(2) ? parameter(dy, bias) : undefined,
  ];
}

function save(site: Site, { mean, inverse }: Statistics): void {
  site.saved.set('mean', mean).set('inverse', inverse);
}

function shifted(emit: Emitter, x: string, bias: string): string {
  return bias === '' ? x : emit.add(x, bias);
}

function epsilonOf(site: Site): number {
  return floatAttr(site.node, 'epsilon', 1e-5);
}

function lastAxes(site: Site): readonly number[] {
  const rank = site.emit.shape(site.inputs[0]!).length;
  const first = frontAxis(intAttr(site.node, 'axis', -1), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

function spatialAxes(emit: Emitter, x: string): readonly number[] {
  return emit
    .shape(x)
    .map((_, axis) => axis)
    .slice(2);
}

/** C × 1 × ... × 1. */
function perChannel(emit: Emitter, x: string): readonly number[] {
  return emit
    .shape(x)
    .slice(1)
    .map((dim, i) => (i === 0 ? dim : 1));
}

/** The operand as N × groups × channels of a group × positions. */
function grouped(site: Site) {
  const { emit } = site;
  const [input, scale, bias] = site.inputs as [string, string, string];
  const dims = emit.shape(input);
  const [n, channels, ...spatial] = dims as [number, number, ...number[]];
  const groups = intAttr(site.node, 'num_groups');
  const x = emit.reshape(input, [n, groups, channels / groups, elementCount(spatial)]);
  const shape = emit.shape(scale)[0] === channels ? [groups, channels / groups, 1] : [groups, 1, 1];
  return { x, scale, bias, dims, axes: [2, 3], shape };
}

function rejectStatistics(site: Site, cotangents: readonly (string | undefined)[]): void {
  if (cotangents.every((cotangent) => cotangent === undefined)) return;
  throw refused(site, 'its statistics are used');
}
