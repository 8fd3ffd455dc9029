import { DataType, floatAttr, intAttr, intsAttr, stringAttr, tensorNumbers } from '@kneepoint/onnx';
import type { Emitter } from '../emit/emitter.ts';
import { type Interpolation, interpolationMatrix, repetition, type Stretch } from '../formulation/interpolation.ts';
import { frontAxis, integers, refused } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';

/** Resize by constant scales or sizes is linear along one axis after the other: its derivative is the transposed matrix. */
export const resize: RuleSet = {
  Resize: {
    forward: (site) => {
      const { emit, inputs } = site;
      const [x] = inputs as [string];
      const axes = resized(site);
      if (emit.float === DataType.DOUBLE) {
        // The CPU has no kernel for float64.
        return [axes.reduce((value, { axis, stretch }) => along(site, value, axis, stretch, 'forward'), x)];
      }
      const dims = [...emit.shape(x)];
      for (const { axis, stretch } of axes) dims[axis] = stretch.to;
      return emit.copy(site.node, inputs, [{ dims, type: emit.float }]);
    },
    vjp: (site, [dy]) => [
      resized(site).reduceRight((value, { axis, stretch }) => along(site, value, axis, stretch, 'backward'), dy!),
    ],
  },
};

interface Resized {
  readonly axis: number;
  readonly stretch: Stretch;
}

/** The axes that the node changes. */
function resized(site: Site): readonly Resized[] {
  const { node } = site;
  const dims = site.emit.shape(site.inputs[0]!);
  const sizes = integers(site, 3);
  const scales = numbers(site, 2);
  const axes = intsAttr(
    node,
    'axes',
    dims.map((_, axis) => axis),
  ).map((axis) => frontAxis(axis, dims.length));
  if (sizes?.length && stringAttr(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') {
    throw refused(site, 'it keeps the aspect ratio');
  }
  return axes.flatMap((axis, i) => {
    const from = dims[axis]!;
    const scale = sizes?.length ? sizes[i]! / from : scales[i]!;
    const to = sizes?.length ? sizes[i]! : Math.floor(from * scale);
    return to === from && scale === 1 ? [] : [{ axis, stretch: { from, to, scale } }];
  });
}

function numbers(site: Site, input: number): readonly number[] {
  if ((site.inputs[input] ?? '') === '') return [];
  const tensor = site.constant(input);
  if (!tensor) throw refused(site, `its operand ${input} is computed by the graph`);
  return tensorNumbers(tensor);
}

function along(site: Site, x: string, axis: number, stretch: Stretch, way: 'forward' | 'backward'): string {
  const { emit } = site;
  const matrix = interpolationMatrix(interpolationOf(site), stretch);
  if (!matrix) throw refused(site, 'it interpolates in an uncommon way');
  const times = repetition(matrix, stretch);
  const dims = emit.shape(x);
  if (times !== undefined && way === 'backward') {
    const cells = emit.reshape(x, [...dims.slice(0, axis), stretch.from, times, ...dims.slice(axis + 1)]);
    return emit.reduceSum(cells, [axis + 1], false);
  }
  const weights = emit.floats([stretch.to, stretch.from], matrix);
  return timesMatrix(emit, x, axis, way === 'forward' ? emit.transpose(weights, [1, 0]) : weights);
}

/** x · matrix along one axis. */
function timesMatrix(emit: Emitter, x: string, axis: number, matrix: string): string {
  const last = emit.shape(x).length - 1;
  const swap = emit.shape(x).map((_, a) => (a === axis ? last : a === last ? axis : a));
  return emit.transpose(emit.matmul(emit.transpose(x, swap), matrix), swap);
}

function interpolationOf(site: Site): Interpolation {
  const { node } = site;
  const mode = stringAttr(node, 'mode', 'nearest');
  const coordinates = stringAttr(node, 'coordinate_transformation_mode', 'half_pixel');
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'cubic') throw refused(site, `its mode is ${mode}`);
  if (intAttr(node, 'antialias', 0) !== 0) throw refused(site, 'it smooths before it shrinks');
  if (intAttr(node, 'exclude_outside', 0) !== 0) throw refused(site, 'it leaves out what is outside');
  return {
    mode,
    coordinates,
    rounding: stringAttr(node, 'nearest_mode', 'round_prefer_floor'),
    cubicCoefficient: floatAttr(node, 'cubic_coeff_a', -0.75),
  };
}
