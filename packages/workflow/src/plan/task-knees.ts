import { type CharacteristicCurve, type Knee, knee } from '@kneepoint/regression';

/** One task's curves, by layer. */
export interface TaskCurves {
  readonly task: string;
  readonly curves: ReadonlyMap<string, CharacteristicCurve>;
}

/**
 * Of what the head's layer explains, the share that another layer must explain for its curve to count. A knee is relative to a
 * curve's own drop: where that is next to nothing, ε of it is noise, and the filters that it would take are those on which the
 * layers behind build what pooled responses of this one don't show.
 */
const TELLING_SHARE = 0.1;

/** At which ε a knee is looked for does not change what a curve explains. */
const ANY_EPSILON = 0.01;

/** The curves of the layers that say something about the task: others give no reason to prefer any of their filters. */
export function tellingCurves({ curves }: TaskCurves, headLayer: string): ReadonlyMap<string, CharacteristicCurve> {
  const head = curves.get(headLayer);
  const least = head ? TELLING_SHARE * explained(knee(head, ANY_EPSILON)) : 0;
  return new Map(
    [...curves].filter(([, curve]) => {
      const found = knee(curve, ANY_EPSILON);
      return found.rmseMin < found.rmseMax && explained(found) >= least;
    }),
  );
}

/** Share of the labels' variance on validation that the layer explains at its best: R². */
export function explained({ rmseMin, rmseMax }: Knee): number {
  return rmseMax > 0 ? 1 - (rmseMin / rmseMax) ** 2 : 0;
}

/** The knee of each layer that tells of the task, and has one above no filter. */
export function tellingKnees(
  task: TaskCurves,
  headLayer: string,
  {
    epsilon,
    layerEpsilon = {},
  }: { readonly epsilon: number; readonly layerEpsilon?: Readonly<Record<string, number>> },
): ReadonlyMap<string, Knee> {
  const knees = [...tellingCurves(task, headLayer)].map(([layer, curve]): [string, Knee] => [
    layer,
    knee(curve, layerEpsilon[layer] ?? epsilon),
  ]);
  return new Map(knees.filter(([, { filters }]) => filters > 0));
}
