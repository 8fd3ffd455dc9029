import { intAttr, normalAxis } from '@kneepoint/onnx';
import { varyingAxes } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** BatchNormalization: scale, bias, mean and variance follow the channels. */
export const batchNormalization: Rule = (site) => perChannel(site, [1, 2, 3, 4]);

/** InstanceNormalization: each channel by itself, over space. */
export const instanceNormalization: Rule = (site) => perChannel(site, [1, 2]);

/** LayerNormalization: over the last axes; channels elsewhere pass. */
export const layerNormalization: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'normalises a constant');
  const start = normalAxis(intAttr(site.node, 'axis', -1), value.dims.length);
  if (varyingAxes(value.labels).some((axis) => axis >= start)) return stop(site, 'normalises over channels');
  return [value.labels];
};

/** GroupNormalization, LRN, LpNormalization, MeanVarianceNormalization: channels are mixed. */
export const mixesChannels: Rule = (site) => stop(site, 'normalises over channels');

function perChannel(site: Parameters<Rule>[0], parameters: readonly number[]): ReturnType<Rule> {
  const value = site.input(0);
  if (!value || parameters.some((input) => !site.constant(input))) return stop(site, 'has computed parameters');
  const labels = site.along(value, 1, 'normalises over an axis that carries channels');
  for (const input of parameters) site.cut(input, { kind: 'axis', axis: 0, labels });
  return [value.labels];
}
