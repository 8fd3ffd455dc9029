export { type LabelledTask, type MirrorRule, type TaskSpec, type TaskType } from './task/spec.ts';
export { validateTaskSpec } from './task/validate.ts';
export { LEFT_OUT, splitRows, type SplitRequest, TEST, TRAIN, VALIDATION } from './split.ts';
export { type Metric, type Outcome } from './metrics/metric.ts';
export { METRICS, type MetricName } from './metrics/registry.ts';
export { KINDS } from './kinds/registry.ts';
export { type TaskKind } from './kinds/kind.ts';
