import { intAttr, intsAttr, normalAxis, setAttr } from '@kneepoint/onnx';
import { alongAxis, varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** BatchNormalization: scale, bias, mean and variance follow the channels. */
export const batchNormalization: Rule = (site) => perChannel(site, [1, 2, 3, 4]);

/**
 * InstanceNormalization: each channel by itself, over space. Where channels lie in space, as exporters write a group normalisation, those
 * that stay are normalised.
 */
export const instanceNormalization: Rule = (site) => {
  const value = site.input(0);
  const [axis] = value ? varyingAxes(value.labels) : [];
  if (!value || axis === undefined || axis < 2 || !site.constant(1) || !site.constant(2))
    return perChannel(site, [1, 2]);
  site.average(0, axis, value.labels.data);
  return [value.labels];
};

/**
 * GroupNormalization: the channels of a group live or die together, but where there is one group those that stay are normalised. Scale and
 * bias are given for each channel, before opset 21 for each group.
 */
export const groupNormalization: Rule = (site) => {
  const value = site.input(0);
  if (!value || !site.constant(1) || !site.constant(2)) return stop(site, 'has computed parameters');
  const groups = intAttr(site.node, 'num_groups');
  const labels = site.along(value, 1, 'normalises over an axis that carries channels');
  if (groups === 1) {
    for (const input of [1, 2]) {
      if (site.constantDims(input)![0]! > 1) site.cut(input, { kind: 'axis', axis: 0, labels });
    }
    site.average(0, 1, labels);
    return [value.labels];
  }
  const size = labels.length / groups;
  const heads = Int32Array.from({ length: groups }, (_, group) => labels[group * size]!);
  site.tie(
    labels,
    labels.map((_, channel) => heads[Math.floor(channel / size)]!),
  );
  for (const input of [1, 2]) {
    site.cut(input, { kind: 'axis', axis: 0, labels: site.constantDims(input)![0] === groups ? heads : labels });
  }
  site.rewrite((edit) => setAttr(edit.node, 'num_groups', edit.kept(heads).length));
  return [value.labels];
};

/**
 * LayerNormalization over the last axes: of channels among them those that stay are normalised, and scale and bias follow; channels
 * elsewhere pass, in the mean and deviation that it may give too.
 */
export const layerNormalization: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const rank = value.dims.length;
  const start = normalAxis(intAttr(site.node, 'axis', -1), rank);
  const axis = varyingAxes(value.labels).find((varying) => varying >= start);
  if (axis === undefined) return site.node.output.map(() => value.labels);
  if (site.node.output.slice(1).some((name) => name !== '')) return stop(site, 'gives the mean of its channels');
  const labels = value.labels.data;
  for (const input of [1, 2]) {
    const dims = site.constantDims(input);
    const own = axis - rank + (dims?.length ?? 0);
    if (site.node.input[input] && !site.constant(input)) return stop(site, 'has computed parameters');
    if (dims && own >= 0 && dims[own]! > 1) site.cut(input, { kind: 'axis', axis: own, labels });
  }
  site.average(0, axis, labels);
  return [value.labels];
};

/** LpNormalization: a removed channel counts as zero, and adds nothing to the norm. */
export const lpNormalization: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const axis = normalAxis(intAttr(site.node, 'axis', -1), value.dims.length);
  if (varyingAxes(value.labels).includes(axis)) site.consume(0, axis, value.labels.data);
  return [value.labels];
};

/** MeanVarianceNormalization: over the axes given, by default all but the channels'. */
export const meanVarianceNormalization: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const rank = value.dims.length;
  const axes = intsAttr(site.node, 'axes', [0, 2, 3]).map((axis) => normalAxis(axis, rank));
  return varyingAxes(value.labels).some((axis) => axes.includes(axis))
    ? stop(site, 'normalises over channels')
    : [value.labels];
};

/** LRN: each channel by its neighbours. */
export const mixesChannels: Rule = (site) => stop(site, 'normalises over channels');

function perChannel(site: Parameters<Rule>[0], parameters: readonly number[]): ReturnType<Rule> {
  const value = site.input(0);
  if (!value || parameters.some((input) => !site.constant(input))) return stop(site, 'has computed parameters');
  const labels = site.along(value, 1, 'normalises over an axis that carries channels');
  for (const input of parameters) site.cut(input, { kind: 'axis', axis: 0, labels });
  // The statistics that training asks for are lists, one number for each channel.
  return site.node.output.map((_, output) => (output === 0 ? value.labels : alongAxis(1, 0, labels)));
}
