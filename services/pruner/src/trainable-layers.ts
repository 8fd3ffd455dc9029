import type { TapReference } from '@kneepoint/workflow';

/** Of layers that a head may read those to which a derivative leads all the way, where there are any: what lies before the head is trained. */
export function trainableLayers<Layer extends { readonly layer: string }>(
  layers: readonly Layer[],
  taps: readonly TapReference[],
): readonly Layer[] {
  const blocked = new Set(taps.flatMap(({ layer, untrained }) => (untrained ? [layer] : [])));
  const open = layers.filter(({ layer }) => !blocked.has(layer));
  return open.length > 0 ? open : layers;
}
