import { intAttr, stringAttr } from '@kneepoint/onnx';
import { alongAxis } from '../labels/label-tensor.ts';
import type { Rule } from '../trace/site.ts';
import { stop } from './unknown.ts';

/** DepthToSpace: the b × b channels that become one channel live or die together. */
export const depthToSpace: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'moves a constant');
  const block = intAttr(site.node, 'blocksize') ** 2;
  const labels = site.along(value, 1, 'spreads an axis that carries channels');
  const channels = labels.length / block;
  const crd = stringAttr(site.node, 'mode', 'DCR') === 'CRD';
  const at = (channel: number, part: number) => labels[crd ? channel * block + part : part * channels + channel]!;
  const out = Int32Array.from({ length: channels }, (_, channel) => at(channel, 0));
  for (let part = 1; part < block; part++)
    site.tie(
      out,
      out.map((_, channel) => at(channel, part)),
    );
  return [alongAxis(value.dims.length, 1, out)];
};

/** SpaceToDepth: every channel becomes b × b channels. */
export const spaceToDepth: Rule = (site) => {
  const value = site.input(0);
  if (!value) return stop(site, 'moves a constant');
  const block = intAttr(site.node, 'blocksize') ** 2;
  const labels = site.along(value, 1, 'gathers an axis that carries channels');
  return [
    alongAxis(
      value.dims.length,
      1,
      Int32Array.from({ length: labels.length * block }, (_, i) => labels[i % labels.length]!),
    ),
  ];
};
