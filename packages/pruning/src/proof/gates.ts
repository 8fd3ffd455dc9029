import { type Trial, type Way, DEPENDENCE_SHARE, ROUNDING_FACTOR } from './trial.ts';

export interface NegativeControl {
  readonly applicable: boolean;
  /** The removed class that was not masked; null when nothing is removed. */
  readonly leftOutClass: number | null;
  /** Relative difference that leaving it out made. */
  readonly diff: number;
  /** Whether that difference was noticed, as it must be. */
  readonly detected: boolean;
}

export interface Gate {
  readonly passed: boolean;
  /** It did not pass because of rounding: nothing wrong was seen, or could have been. */
  readonly undecided?: true;
  /** What was found, in words. */
  readonly detail: string;
}

const shown = (value: number): string => value.toExponential(2);

export function differenceGate(trial: Trial, how: string, way: Way = 'pruned'): Gate {
  const verdict = trial.verdict(way);
  const rounding = trial.relativeRounding;
  const allowed =
    rounding === null
      ? `allowed ${trial.tolerance}`
      : `where rounding alone does ${shown(rounding)}; allowed are ${trial.tolerance} or ${ROUNDING_FACTOR} times that`;
  return {
    passed: verdict === 'equal',
    ...(verdict === 'undecided' ? { undecided: true } : {}),
    detail: `relative difference ${shown(trial.difference(way))} ${how}, ${allowed}`,
  };
}

export function dependenceGate(own: Trial, fresh: Trial): Gate {
  const speaks = own.dependenceShare() === null ? fresh : own;
  const share = speaks.dependenceShare();
  if (share === null) {
    return {
      passed: false,
      detail: 'no output depends on the image, with either set of weights: the comparison proves nothing',
    };
  }
  const which =
    speaks === fresh
      ? `the model's own output hardly depends on the image (${shown(own.figures.relativeDependence)} of its size), so fresh weights speak: difference`
      : 'difference';
  const found = speaks.figures.diffOverDependence ?? share;
  const explained = found > share ? ', which rounding explains' : '';
  return {
    passed: share <= DEPENDENCE_SHARE,
    detail: `${which} is ${shown(found)} of the input dependence${explained}`,
  };
}

export function controlGate(
  { applicable, leftOutClass, diff, detected }: NegativeControl,
  trials: readonly Trial[],
): Gate {
  if (!applicable) return { passed: true, detail: 'not applicable: the plan removes nothing' };
  const found = `class ${leftOutClass} left out of the mask changed the output by ${shown(diff)}`;
  if (detected) return { passed: true, detail: found };
  const rounding = Math.max(...trials.map(({ relativeRounding }) => relativeRounding ?? 0));
  const drowns = trials.some(
    ({ relativeRounding, tolerance }) => ROUNDING_FACTOR * (relativeRounding ?? 0) > tolerance,
  );
  return drowns
    ? {
        passed: false,
        undecided: true,
        detail: `${found}, which the comparison could not tell from rounding, which changes it by ${shown(rounding)}`,
      }
    : { passed: false, detail: `${found}, which the comparison would not notice` };
}
