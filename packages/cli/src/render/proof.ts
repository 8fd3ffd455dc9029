import type { Proof } from '@kneepoint/pruning';

/** How far the cut network is from the masked one, for a terminal; rounding is told of where it was asked. */
export function proofLine({ maxAbsDiff, maxRelDiff, rounding = null, passed }: Proof): string {
  const own = rounding === null ? '' : `, where rounding alone does ${rounding.toExponential(1)}`;
  const found = `largest difference ${maxAbsDiff.toExponential(1)} (relative ${maxRelDiff.toExponential(1)}${own})`;
  return `surgery against masking: ${found}${passed ? '' : ' — NOT PROVED'}`;
}

/** The same in full, for a report. What reports of earlier versions lack is left out. */
export function proofParagraph(proof: Proof): string {
  const { maxAbsDiff, maxRelDiff, tolerance, byDefault, rounding = null, he, diffOverDependence, meaning = [] } = proof;
  const { applicable, detected } = proof.negativeControl;
  const control = applicable ? (detected ? 'is noticed' : 'is NOT noticed') : 'does not apply, nothing was removed';
  const parts = [
    `largest absolute difference ${maxAbsDiff.toExponential(2)}, relative ${maxRelDiff.toExponential(2)} (tolerance ${tolerance}${rounding === null ? '' : `, or four times the ${rounding.toExponential(2)} that rounding alone does to this network`})`,
    `with fresh weights ${he.maxRelDiff.toExponential(2)}`,
    ...optional(byDefault, (value) => `in a session with default settings ${value.toExponential(2)}`),
    `against how much the output depends on the input ${diffOverDependence?.toExponential(2) ?? 'not measurable'}`,
    `one class left out of the mask ${control}`,
  ];
  return [`Surgery against masking: ${parts.join('; ')}.`, ...meaning].join(' ');
}

function optional(value: number | undefined, words: (value: number) => string): string[] {
  return value === undefined ? [] : [words(value)];
}
