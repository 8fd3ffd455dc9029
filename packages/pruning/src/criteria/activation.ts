import { byMeasurement } from './measured.ts';

/** Mean absolute response of each tap channel over images (Polyak and Wolf 2015; "mean activation" in Molchanov et al. 2017). */
export const activation = byMeasurement('the mean absolute response of every tap channel');
