import { intAttr, intsAttr, removeAttr, stringAttr } from '../attributes.ts';
import type { VersionSteps } from './rule.ts';

/** What came with versions after the target, taken back where the meaning allows. Operators that are not here did not change in meaning. */
export const newer: VersionSteps = {
  AveragePool: [
    {
      since: 19,
      apply: (site) => {
        if (intsAttr(site.node, 'dilations', []).some((dilation) => dilation !== 1)) {
          throw site.refusal('its dilations are new in opset 19');
        }
        removeAttr(site.node, 'dilations');
      },
    },
  ],
  Cast: [{ since: 19, apply: (site) => removeAttr(site.node, 'saturate') }],
  CastLike: [{ since: 19, apply: (site) => removeAttr(site.node, 'saturate') }],
  Pad: [
    {
      since: 19,
      apply: (site) => {
        if (stringAttr(site.node, 'mode', 'constant') === 'wrap') throw site.refusal('wrapping is new in opset 19');
      },
    },
  ],
  Resize: [
    {
      since: 19,
      apply: (site) => {
        if (stringAttr(site.node, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel_symmetric') {
          throw site.refusal('its coordinates (half_pixel_symmetric) are new in opset 19');
        }
      },
    },
  ],
  Reshape: [
    {
      since: 19,
      apply: (site) => {
        if (intAttr(site.node, 'allowzero', 0) === 0) removeAttr(site.node, 'allowzero');
      },
    },
  ],
};
