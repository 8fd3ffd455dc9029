import { DataType, elementCount, floatAttr, intAttr } from '@kneepoint/onnx';
import { frontAxis, refused } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';

/** Values divided by the size of their neighbours: of the channels around them, or of a whole vector. */
export const divisiveNormalization: RuleSet = {
  // y = x · s^(−β) with s = bias + α / size · Σ x² over the channels near by (Krizhevsky et al. 2012, section 3.3).
  LRN: {
    forward: (site) => {
      const { emit, inputs } = site;
      const [x] = inputs as [string];
      // No float64 kernel on the CPU.
      if (emit.float !== DataType.DOUBLE) return emit.copy(site.node, inputs, [emit.typeOf(x)]);
      return [emit.mul(x, shrunk(site, surroundings(site)))];
    },
    vjp: (site, [dy]) => {
      const { emit, outputs } = site;
      const [x] = site.inputs as [string];
      const size = surroundings(site);
      const direct = emit.mul(dy!, shrunk(site, size));
      const felt = nearby(site, emit.div(emit.mul(dy!, outputs[0]!), size));
      const { alpha, beta, width } = constants(site);
      return [emit.sub(direct, emit.mul(emit.mul(x, felt), emit.scalar((2 * alpha * beta) / width)))];
    },
  },

  LpNormalization: {
    // CUDA has no kernel. A vector of zeros stays one.
    forward: (site) => {
      const { emit } = site;
      const [x] = site.inputs as [string];
      const norm = emit.binary('Max', emit.reduce(normOf(site), x, axesOf(site)), emit.scalar(SMALLEST));
      site.saved.set('norm', norm);
      return [emit.div(x, norm)];
    },
    vjp: (site, [dy]) => {
      const { emit, outputs } = site;
      const [x] = site.inputs as [string];
      const y = outputs[0]!;
      const along = emit.reduceSum(emit.mul(dy!, y), axesOf(site));
      const direction = normOf(site) === 'ReduceL2' ? y : emit.unary('Sign', x);
      return [emit.div(emit.sub(dy!, emit.mul(direction, along)), site.saved.get('norm')!)];
    },
  },
};

const SMALLEST = 1e-30;

function constants({ node }: Site) {
  return {
    alpha: floatAttr(node, 'alpha', 1e-4),
    beta: floatAttr(node, 'beta', 0.75),
    bias: floatAttr(node, 'bias', 1),
    width: intAttr(node, 'size'),
  };
}

/** bias + α / size · Σ x² over the channels near by. */
function surroundings(site: Site): string {
  const { emit } = site;
  const [x] = site.inputs as [string];
  const { alpha, bias, width } = constants(site);
  const sum = nearby(site, emit.mul(x, x));
  return emit.add(emit.mul(sum, emit.scalar(alpha / width)), emit.scalar(bias));
}

/** s^(−β). */
function shrunk(site: Site, s: string): string {
  const { emit } = site;
  return emit.binary('Pow', s, emit.scalar(-constants(site).beta));
}

/** Sums over the channels around each channel. The runtime takes odd widths only, so that the band is its own transpose. */
function nearby(site: Site, values: string): string {
  const { emit } = site;
  const dims = emit.shape(values);
  const [n, channels, ...spatial] = dims as [number, number, ...number[]];
  const reach = (constants(site).width - 1) / 2;
  const band = Array.from({ length: channels ** 2 }, (_, k) =>
    Math.abs(Math.floor(k / channels) - (k % channels)) <= reach ? 1 : 0,
  );
  const flat = emit.reshape(values, [n, channels, elementCount(spatial)]);
  return emit.reshape(emit.matmul(emit.floats([channels, channels], band), flat), dims);
}

function axesOf({ node, emit, inputs }: Site): readonly number[] {
  return [frontAxis(intAttr(node, 'axis', -1), emit.shape(inputs[0]!).length)];
}

function normOf(site: Site): 'ReduceL1' | 'ReduceL2' {
  const p = intAttr(site.node, 'p', 2);
  if (p === 1) return 'ReduceL1';
  if (p === 2) return 'ReduceL2';
  throw refused(site, `its norm is of order ${p}`);
}
