import { Failure } from '@kneepoint/failures';
import type { Criterion } from './criterion.ts';

/** A criterion that ranks by what was measured on images; `what` says what that is. Taps without a measurement stay whole. */
export function byMeasurement(what: string): Criterion {
  return ({ analysis, measured }) => {
    if (!measured) {
      throw new Failure('PLAN_NEEDS_MEASUREMENTS', `this criterion reads ${what}, and none was given`, {
        fix: 'measure them first, or use l1',
      });
    }
    return analysis.taps.flatMap(({ layer, channels, classes }) => {
      const scores = measured.get(layer);
      if (!scores) return [];
      const bad = Array.from(scores).findIndex((score) => !(score >= 0 && score < Infinity));
      if (scores.length !== channels || bad >= 0) {
        throw new Failure(
          'PLAN_BAD_RANKING',
          bad < 0
            ? `${scores.length} numbers were measured for ${channels} channels`
            : `${scores[bad]} was measured for channel ${bad}`,
          { where: layer, fix: 'measure one number from 0 on for each channel of the tap' },
        );
      }
      return [{ layer, classes, scores }];
    });
  };
}
