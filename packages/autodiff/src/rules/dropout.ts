import { DataType, tensorNumbers } from '@kneepoint/onnx';
import { asMask } from './indicator.ts';
import { refused } from './operands.ts';
import type { RuleSet, Site } from './rule.ts';

/**
 * Dropout (Srivastava et al. 2014), scaled in training so that nothing changes without it. Whether it is on is for the step to say,
 * whatever the file says: exporters write the network in the mode that it was exported in. Its random numbers are fed by the
 * caller, so that a step can be repeated.
 */
export const dropout: RuleSet = {
  Dropout: {
    forward: (site) => {
      const { emit, inputs, node } = site;
      const [x] = inputs as [string];
      const dims = emit.shape(x);
      const wantsMask = (node.output[1] ?? '') !== '';
      const ratio = site.training ? ratioOf(site) : 0;
      if (ratio === 0) {
        const all = { dims: [], type: DataType.BOOL, data: Uint8Array.of(1) };
        return [emit.unary('Identity', x), wantsMask ? emit.expand(emit.init(all), dims) : ''];
      }
      const kept = emit.binary('GreaterOrEqual', site.noise(dims), emit.scalar(ratio));
      const factor = emit.mul(asMask(emit, kept), emit.scalar(1 / (1 - ratio)));
      site.saved.set('factor', factor);
      return [emit.mul(x, factor), kept];
    },
    vjp: (site, [dy]) => {
      const factor = site.saved.get('factor');
      return [factor === undefined ? dy : site.emit.mul(dy!, factor)];
    },
  },
};

function ratioOf(site: Site): number {
  if ((site.inputs[1] ?? '') === '') return 0.5;
  const given = site.constant(1);
  if (!given) throw refused(site, 'its ratio is computed by the graph');
  const ratio = tensorNumbers(given)[0]!;
  if (ratio >= 0 && ratio < 1) return ratio;
  throw refused(site, `its ratio is ${ratio}`);
}
