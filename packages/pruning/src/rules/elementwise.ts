import { broadcast, move } from '@kneepoint/onnx';
import type { LabelTensor } from '../labels/label-tensor.ts';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule, Site } from '../trace/site.ts';
import { stop } from './unknown.ts';

interface Operand {
  readonly dims: readonly number[];
  readonly labels: LabelTensor;
}

/** One operand, any function of it: labels pass. Further inputs are scalars (Clip) or switches (Dropout). */
export const unary: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'works on a constant');
  for (let input = 1; input < site.node.input.length; input++) {
    const other = site.input(input);
    if (other) site.freeze(other.labels, 'reads a setting from it');
  }
  return site.node.output.map(() => value.labels);
};

/** Any number of operands with numpy broadcasting: labels at the same place are tied, constants follow the channels. */
export const elementwise: Rule = (site) => {
  const dims = site.outputDims();
  const rank = dims.length;
  const operands = site.node.input.flatMap((_, i) => {
    const value = site.input(i);
    return value
      ? [
          {
            dims: padded(value.dims, rank),
            labels: widen(value.labels, rank),
            batch: value.batch + rank - value.dims.length,
            any: value.batch >= 0,
          },
        ]
      : [];
  });
  const [first, ...rest] = operands;
  if (!first) return stop(site, 'works on constants');
  let result: Operand = first;
  for (const operand of rest) result = joined(site, result, operand);
  const labels = site.settle(result.labels);
  cutConstants(site, labels);
  site.batch = operands.find((operand) => operand.any)?.batch ?? -1;
  return [labels];
};

/** Constants that span the channels shrink with them. */
function cutConstants(site: Site, labels: LabelTensor): void {
  const [axis] = varyingAxes(labels);
  if (axis === undefined) return;
  const rank = labels.dims.length;
  site.node.input.forEach((_, i) => {
    if (site.input(i)) return;
    const dims = site.constantDims(i);
    const own = axis - rank + (dims?.length ?? 0);
    if (!dims || own < 0 || dims[own]! === 1) return;
    if (site.constant(i)) site.cut(i, { kind: 'axis', axis: own, labels: labels.data });
    else site.freeze(labels, 'combines it with computed numbers per channel');
  });
}

function joined(site: Site, a: Operand, b: Operand): Operand {
  const dims = a.dims.map((size, axis) => (size === 1 ? b.dims[axis]! : size));
  const spreadsA = a.dims.some((size, axis) => size === 1 && b.labels.dims[axis]! > 1);
  const spreadsB = b.dims.some((size, axis) => size === 1 && a.labels.dims[axis]! > 1);
  // One channel spread over many is not one of them: tying it would tie them all to each other.
  if (spreadsA || spreadsB) {
    const [narrow, wide] = spreadsA && !spreadsB ? [a, b] : [b, a];
    site.freeze(narrow.labels, 'spreads it over other channels');
    return { dims, labels: wide.labels };
  }
  const stored = a.labels.dims.map((size, axis) => Math.max(size, b.labels.dims[axis]!));
  const left = move(a.labels.data, broadcast(a.labels.dims, stored));
  site.tie(left, move(b.labels.data, broadcast(b.labels.dims, stored)));
  return { dims, labels: { dims: stored, data: left } };
}

function padded(dims: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - dims.length).fill(1), ...dims];
}

function widen(labels: LabelTensor, rank: number): LabelTensor {
  return { dims: padded(labels.dims, rank), data: labels.data };
}
