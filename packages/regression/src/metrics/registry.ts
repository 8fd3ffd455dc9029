import { accuracy } from './accuracy.ts';
import { balancedAccuracy } from './balanced-accuracy.ts';
import { mae } from './mae.ts';
import type { Metric } from './metric.ts';
import { r2 } from './r2.ts';
import { rmse } from './rmse.ts';

/** Every metric by name. Adding one is adding a file and a line. */
export const METRICS = { accuracy, balancedAccuracy, rmse, mae, r2 } as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
