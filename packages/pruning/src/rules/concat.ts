import { concatenate, intAttr, normalAxis } from '@kneepoint/onnx';
import type { LabelTensor } from '../labels/label-tensor.ts';
import { expanded, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** Concat: labels are joined; along another axis than the channels' they are tied position by position. */
export const concat: Rule = (site) => {
  const dims = site.outputDims();
  const rank = dims.length;
  const axis = normalAxis(intAttr(site.node, 'axis', 1), rank);
  const parts = site.node.input.map((_, i) => {
    const value = site.input(i);
    const own = value?.dims ?? site.constantDims(i);
    return own && { value, dims: own, labels: value?.labels ?? site.fixed(rank, 'joins constants') };
  });
  if (!parts.every((part) => part !== undefined)) return stop(site, 'joins values of unknown shape');
  const across = parts.flatMap(({ value, labels }) => (value ? varyingAxes(labels).filter((a) => a !== axis) : []))[0];
  if (across !== undefined) {
    parts.forEach((part, i) => {
      if (part.value) return;
      // A constant along the channels follows them: its own labels are those of its first labelled neighbour.
      const neighbour = parts.find(({ value, labels }) => value && varyingAxes(labels).includes(across))!;
      part.labels = neighbour.labels;
      if (part.dims[across]! > 1 && site.constant(i))
        site.cut(i, { kind: 'axis', axis: across, labels: neighbour.labels.data });
      else site.freeze(neighbour.labels, 'joins it with computed numbers');
    });
  }
  const shared = new Array<number>(rank).fill(1);
  for (const { labels } of parts) labels.dims.forEach((size, a) => (shared[a] = Math.max(shared[a]!, size)));
  const grids: LabelTensor[] = parts.map(({ labels, dims: own }) => {
    const wanted = shared.map((size, a) => (a === axis ? own[a]! : size));
    return { dims: wanted, data: expanded(labels, wanted) };
  });
  return [site.settle(concatenate(grids, axis), across)];
};
