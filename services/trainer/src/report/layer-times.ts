import type { LayerShare } from '@kneepoint/runtime';
import type { LayerTime } from '@kneepoint/workflow';

/** The profile takes time of its own, so it says the shares and the clock the whole: `p50`, in ms. Empty where nothing was looked into. */
export function layerTimes(shares: readonly LayerShare[] | undefined, p50: number): readonly LayerTime[] {
  return (shares ?? []).map(({ layer, share }) => ({ name: layer, share, ms: share * p50 }));
}
