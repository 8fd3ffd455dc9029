import { floatsAttr, hasAttr, removeAttr, setAttr, stringAttr } from '../attributes.ts';
import { tensorNumbers } from '../tensor.ts';
import type { VersionSteps } from './rule.ts';
import type { UpgradeSite } from './upgrade-site.ts';

/** Upsample became Resize in 10, Resize got its modes and two more inputs in 11, and may leave inputs out since 13. */
export const resize: VersionSteps = {
  Upsample: [
    {
      since: 9,
      apply: (site) => {
        site.setFloats(1, floatsAttr(site.node, 'scales'));
        removeAttr(site.node, 'scales');
      },
    },
    { since: 10, apply: (site) => void (site.node.opType = 'Resize') },
  ],

  Resize: [
    { since: 11, apply: toModes },
    {
      since: 13,
      apply: (site) => {
        if (stringAttr(site.node, 'coordinate_transformation_mode', 'half_pixel') === 'tf_half_pixel_for_nn') {
          throw site.refusal('its coordinates (tf_half_pixel_for_nn) are gone in newer versions');
        }
        // Of region, scales and sizes, those that are not meant were empty lists.
        site.node.input.forEach((_, i) => {
          if (i > 0 && site.constant(i)?.data.length === 0) site.setInput(i, '');
        });
        while (site.node.input.at(-1) === '') site.node.input.pop();
      },
    },
  ],
};

/** Scales move from the second input to the third. The old coordinates were x / scale; nearest rounded towards the source's end when shrinking. */
function toModes(site: UpgradeSite): void {
  const { node } = site;
  const mode = stringAttr(node, 'mode', 'nearest');
  const scales = site.constant(1);
  if (mode === 'nearest') {
    const factors = scales && tensorNumbers(scales);
    const shrinks = factors?.some((factor) => factor < 1);
    if (!factors || (shrinks && factors.some((factor) => factor > 1))) {
      throw site.refusal('it grows along one axis and shrinks along another, or by scales that the graph computes');
    }
    setAttr(node, 'nearest_mode', shrinks ? 'ceil' : 'floor');
  }
  node.input = [node.input[0]!, '', node.input[1]!];
  setAttr(node, 'coordinate_transformation_mode', 'asymmetric');
  if (!hasAttr(node, 'mode')) setAttr(node, 'mode', mode);
}
