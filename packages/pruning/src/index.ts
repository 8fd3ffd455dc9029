export type { FreezeReason } from './labels/channel-labels.ts';
export type { Shapes, TraceOptions } from './trace/trace.ts';
export { RULES } from './rules/index.ts';
export {
  analyzeChannels,
  type ChannelAnalysis,
  type ChannelClass,
  findTaps,
  type LayerInfo,
} from './analysis/analysis.ts';
export type { Tap } from './analysis/taps.ts';
export type { Plan, PlanFigures, PlanLayer, PlanLimits, Target, TimeTarget } from './plan/plan.ts';
export type { CostKind } from './plan/cost-terms.ts';
export type { Decision } from './plan/decide.ts';
export type { LayerRanking, Rankings } from './plan/ranking.ts';
export { groupsByTaps, lossesOfTaps, worthByTaps } from './plan/group-losses.ts';
export { groupsByDamage, groupsByWorth } from './plan/rank-groups.ts';
export { makePlan, type MakePlanOptions } from './plan/make-plan.ts';
export { planFromTaps, type TapPlanOptions } from './plan/plan-from-taps.ts';
export {
  type Candidate,
  chooseCandidate,
  planForTarget,
  plansForTarget,
  type TargetPlanOptions,
  type WidthRule,
} from './plan/plan-for-target.ts';
export { planWithin } from './plan/plan-within.ts';
export { layerProbes, type LayerProbes, type Probe } from './timing/layer-probes.ts';
export { type LayerTimes, timeTerms } from './timing/time-terms.ts';
export { multipleFor } from './plan/multiples.ts';
export { worthByCriterion } from './plan/worth-by-criterion.ts';
export { l1Plan, planByCriterion, randomPlan, type CriterionPlanOptions } from './plan/plan-by-criterion.ts';
export { planCost } from './plan/plan-cost.ts';
export { requireNormalisation } from './criteria/bn-scale.ts';
export { criteria } from './criteria/index.ts';
export type { ChannelScores, Criterion, CriterionInput } from './criteria/criterion.ts';
export { prune, prunedShapes } from './surgery/prune.ts';
export { mask, type MaskOptions } from './surgery/mask.ts';
export {
  FEATURES,
  hasGrid,
  type HeadPool,
  type LinearHead,
  truncate,
  truncatedShapes,
  truncateToFeatures,
} from './surgery/truncate.ts';
export { headInput } from './surgery/head-input.ts';
export type { Shaped } from './surgery/head-site.ts';
export { mergeHead } from './surgery/merge-head.ts';
export { type LinearGroup, linearGroups } from './rotation/linear-groups.ts';
export { rotate, type Rotated } from './rotation/rotate.ts';
export { type BatchOutputs, compareOutputs, type ModelOutput } from './proof/compare.ts';
export { meaningAtStake, type OverChannels, statisticsAtStake } from './surgery/over-channels.ts';
export { heInitialise } from './proof/he-initialise.ts';
export { answersAlike } from './proof/alike.ts';
export type { ProofBatch, ProofFeed, RunModel } from './proof/batches.ts';
export type { Gate, NegativeControl } from './proof/gates.ts';
export type { ProofFigures } from './proof/trial.ts';
export { prove, type Proof, type ProofInput } from './proof/prove.ts';
export { damageOfOrder, rankByDamage, type RankedGroup } from './damage/rank-by-damage.ts';
export { readingsOf, type Reading } from './damage/readings.ts';
export { readerMetrics } from './damage/reader-metrics.ts';
export {
  columnsPerImage,
  gateReadings,
  type GatedNetwork,
  gradientMoments,
  momentNames,
  responseMoments,
} from './damage/moment-graphs.ts';
export { classesOfPart, type DamageStatistics, type PartStatistics, ShiftedSums } from './damage/statistics.ts';
export * as healing from './healing/index.ts';
export {
  activationSteps,
  Histogram,
  LEAST_OPSET,
  type LayersFound,
  quantisableLayers,
  type QuantisableLayer,
  quantize,
  type Quantized,
  type QuantizeOptions,
  type Steps,
  type ValueRange,
  valuesToRange,
} from './quantize/index.ts';
