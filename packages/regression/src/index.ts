export { type LabelledTask, type MirrorRule, type TaskSpec, type TaskType } from './task/spec.ts';
export { validateTaskSpec } from './task/validate.ts';
export { LEFT_OUT, splitRows, type SplitRequest, TEST, TRAIN, VALIDATION } from './split.ts';
export { type Metric, type Outcome } from './metrics/metric.ts';
export { METRICS, type MetricName } from './metrics/registry.ts';
export {
  type Breakdown,
  type BrokenDownBin,
  type BrokenDownClass,
  type ClassFigures,
  type ResidualFigures,
} from './kinds/breakdown.ts';
export { MOST_CONFUSED } from './kinds/by-class.ts';
export { KINDS } from './kinds/registry.ts';
export { CENTRE } from './kinds/threshold.ts';
export { type TaskKind } from './kinds/kind.ts';
export {
  bootstrap,
  type Bootstrap,
  bootstrapInterval,
  type BootstrapRequest,
  type Interval,
  pairedError,
  shortened,
} from './task/bootstrap.ts';
export { breakDown, chooseThresholds, judge, type Judgement, judgeChance, metricOf } from './task/judge.ts';
export { rowAnswers, type RowAnswers } from './task/row-answers.ts';
export { labelledRows, takeRows } from './task/labels.ts';
export { Random } from './random.ts';
export { Moments, type Pilot, pilotOf } from './statistics/moments.ts';
export { momentsFromBytes, momentsToBytes } from './statistics/moments-bytes.ts';
export { centre, type CentredMoments, type Scaling, scalingOf, selectTargets } from './statistics/centre.ts';
export { choleskyFactor } from './statistics/symmetric-kernel.ts';
export { leastSquares, type LinearFit, ridge } from './solve/ridge.ts';
export { linearScores } from './solve/scores.ts';
export { bestCell, type Cell, type PartSizes, type ProbeTrial } from './probe/cell.ts';
export { probe, type ProbeRequest } from './probe/probe.ts';
export { fitHead, type Head, type HeadRequest } from './head/fit-head.ts';
export { curve, type CurveOptions } from './curve/curve.ts';
export {
  type CharacteristicCurve,
  type CurvePoint,
  type CurveSegments,
  supportOfPoint,
} from './curve/characteristic-curve.ts';
export { errorByFilters } from './curve/error-by-filters.ts';
export { errorWithin } from './curve/error-within.ts';
export { knee, type Knee } from './curve/knee.ts';
export { BinnedResponses, responsesByBin, type ResponsesByBin } from './filters/binned-responses.ts';
export { type ExtremeRow, ExtremeRows, type Extremes } from './filters/extreme-rows.ts';
export { filterOverlap, type FilterOverlap } from './filters/filter-overlap.ts';
export { labelBins, type LabelBin, type LabelBins } from './filters/label-bins.ts';
export { type AnalysedTask, type SplitBy, splitTask } from './layer/family.ts';
export { explainedShare, hScore } from './transferability/h-score.ts';
export { logMe } from './transferability/log-me.ts';
export { rankCorrelation } from './transferability/rank-correlation.ts';
export { type Transferability } from './transferability/transferability.ts';
export { analyseLayer, type LayerRequest } from './layer/analyse-layer.ts';
export { probeWork } from './layer/probe-work.ts';
export { type LayerAnalysis, type Progress } from './layer/analyse-steps.ts';
export {
  certify,
  CERTIFIED_GAP,
  CERTIFIED_KKT,
  type Certificate,
  coefficientsAt,
  DROP,
  END,
  errorAt,
  type GramProblem,
  groupLambdaMax,
  groupLassoPath,
  type GroupPath,
  type GroupPathOptions,
  type GroupPoint,
  type GroupProblem,
  JOIN_NEGATIVE,
  JOIN_POSITIVE,
  lassoPath,
  type LassoPath,
  type LassoPathOptions,
  PathCursor,
  type PathPoint,
  sampleLambdas,
  samplePath,
  segmentErrors,
  type SparseCoefficients,
  supportAt as pathSupportAt,
  warmUp,
} from './lasso/index.ts';
