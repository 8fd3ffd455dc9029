import { alongAxis, uniform, varyingAxes } from '../labels/label-tensor.ts';
import type { LabelTensor } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import type { Value } from '../trace/trace.ts';
import { stop } from './unknown.ts';

/** MatMul with a constant matrix on either side, or of two activations (attention). */
export const matmul: Rule = (site) => {
  const [a, b] = [site.input(0), site.input(1)];
  const rank = site.outputDims().length;
  if (a && b && a.dims.length >= 2 && b.dims.length >= 2) return [product(site, a, b, rank)];
  const side = a ? 1 : 0;
  const value = a ?? b;
  const dims = site.constantDims(side);
  if (!value || !site.constant(side) || dims?.length !== 2 || value.dims.length < 2) {
    return stop(site, 'multiplies by weights that are not a constant matrix');
  }
  return [byWeights(site, value, side, dims)];
};

/** The contracted axis is the last of the left factor and the one before it of the right factor. */
function byWeights(site: Site, value: Value, side: 0 | 1, dims: readonly number[]): LabelTensor {
  const rank = value.dims.length;
  const innerOfValue = side === 1 ? rank - 1 : rank - 2;
  const outAxis = side === 1 ? rank - 1 : rank - 2;
  const [inner, outer] = side === 1 ? [0, 1] : [1, 0];
  const weight = site.node.input[side]!;
  const filters = site.filters(weight, dims[outer]!);
  site.layer(filters);
  const [varying] = varyingAxes(value.labels);
  if (varying !== undefined && varying !== innerOfValue) {
    // The channels pass by on another axis; a value has them on one axis only, so the filters stay.
    site.freeze(filters, 'gives a result whose channels lie on another axis');
    return value.labels;
  }
  const inputs = site.along(value, innerOfValue);
  site.tieShared(weight, inputs);
  site.consume(1 - side, innerOfValue, inputs);
  site.cut(side, { kind: 'axis', axis: inner, labels: inputs });
  site.cut(side, { kind: 'axis', axis: outer, labels: filters });
  return alongAxis(rank, outAxis, filters);
}

function product(site: Site, a: Value, b: Value, rank: number): LabelTensor {
  const [axisA] = varyingAxes(a.labels);
  const [axisB] = varyingAxes(b.labels);
  const [lastA, lastB] = [a.dims.length - 1, b.dims.length - 1];
  if (axisA === lastA && axisB === lastB - 1) {
    site.tie(a.labels.data, b.labels.data);
    site.consume(0, lastA, a.labels.data);
    return site.fixed(rank, 'sums over channels');
  }
  if (axisA === lastA) site.freeze(a.labels, 'multiplies it by a value without matching channels');
  if (axisB === lastB - 1) site.freeze(b.labels, 'multiplies it by a value without matching channels');
  const fromA = axisA !== undefined && axisA < lastA ? axisA + rank - a.dims.length : undefined;
  const fromB = axisB !== undefined && axisB !== lastB - 1 ? axisB + rank - b.dims.length : undefined;
  if (fromA !== undefined && fromB !== undefined) {
    if (fromA === fromB && a.labels.data.length === b.labels.data.length) site.tie(a.labels.data, b.labels.data);
    else site.freeze(b.labels, 'multiplies two values with channels on different axes');
  }
  if (fromA !== undefined) {
    if (fromB === undefined && fromA < rank - 2 && b.dims[fromA - rank + b.dims.length] !== undefined) {
      freezeIfWide(site, a, b, fromA - rank + b.dims.length);
    }
    return alongAxis(rank, fromA, a.labels.data);
  }
  if (fromB !== undefined) {
    if (fromB < rank - 2 && a.dims[fromB - rank + a.dims.length] !== undefined) {
      freezeIfWide(site, b, a, fromB - rank + a.dims.length);
    }
    return alongAxis(rank, fromB, b.labels.data);
  }
  return uniform(rank, site.fixed(rank, 'sums over channels').data[0]!);
}

/** A batch-like axis of the other factor that is as long but carries no channels cannot follow. */
function freezeIfWide(site: Site, value: Value, other: Value, axis: number): void {
  if (other.dims[axis]! > 1) site.freeze(value.labels, 'multiplies it by a value without matching channels');
}
