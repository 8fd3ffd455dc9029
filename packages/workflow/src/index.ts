export {
  type CompressedLayer,
  type CompressionRequest,
  type CutRequest,
  type FrozenBy,
  type LayerCost,
  planCompression,
  planCut,
  type PlannedCompression,
  type PlannedCut,
  truncateAt,
  wholeFigures,
  withCandidate,
} from './compression.ts';
export { labelsOf } from './labels.ts';
export { describeModel, type NetworkDescription, networkEntries } from './describe-model.ts';
export { jointMetric, jointStages } from './joint-stages.ts';
export { latencyNeedsRun, multipleOf } from './plan/choose-plan.ts';
export { describeGoal, describeKeep, describeTarget, goalLabel } from './plan/goal.ts';
export { latencyBound, latencyFigures } from './plan/latency-figures.ts';
export { truncatedMacs } from './plan/head-cost.ts';
export {
  chooseHead,
  type HeadChoice,
  headLayer,
  type HeadOptions,
  type HeadProbe,
  type ProbedHeads,
  type ProbedLayer,
  TRAINED_SHARE,
} from './plan/head-layer.ts';
export {
  type Avoidance,
  byKnees,
  CRITERIA,
  type CriterionName,
  criterionOf,
  type DecisionName,
  defaultCriterion,
  DECISIONS,
  normaliseOptions,
  type PruneOptions,
  type SizeTarget,
  TARGET_KINDS,
  type TargetKind,
} from './plan/prune-options.ts';
export { rankCurve, rankTasks, varianceLosses } from './plan/rank-curve.ts';
export { explained, type TaskCurves } from './plan/task-knees.ts';
export { type Parts, sharesSplit, splitParts } from './split-parts.ts';
export type { DatasetReference } from './dataset.ts';
export type { LayerSummary, ModelInspection, ModelReference, TapReference } from './model.ts';
export {
  type Arm,
  type LatencySearchFigures,
  type LayerTime,
  type Machine,
  type MeasuredArm,
  type MeasuredOriginal,
  type MeasuredResult,
  type MeasuredTask,
  type Measurement,
  type MetricStages,
  type NetworkFigures,
  type ReportArmTask,
  type ReportCriterion,
  type ReportHealing,
  type ReportKeep,
  type ReportLayer,
  type ReportLayerTimes,
  type ReportReadability,
  type ReportRound,
  type ReportTarget,
  type TaskStages,
  TRAINED_ARMS,
  type TrainedArm,
} from './report-measured.ts';
export { type AskedFor, commandOf } from './report-command.ts';
export { type DeliveredResult, reportOf, type ReportParts, resultOf } from './report-document.ts';
export type { NamedRows, ReportChangedImage, ReportChanges } from './report-changes.ts';
export { type VerdictFacts, verdictOf } from './report-verdict.ts';
export {
  type Report,
  REPORT_SCHEMA_VERSION,
  type ReportArm,
  type ReportClass,
  type ReportDataset,
  type ReportDelivered,
  type ReportLinks,
  type ReportModel,
  type ReportOriginal,
  type ReportPerClass,
  type ReportResiduals,
  type ReportResult,
  type ReportRun,
  type ReportSplit,
  type ReportTask,
} from './report.ts';
export { reportWarnings } from './report-warnings.ts';
export { DEFAULT_KEEP, keepBound, type KeepGoal, keeps, keptShare } from './rounds/keep-goal.ts';
export { bestTrial } from './rounds/next-round.ts';
export { decideRound, type Round, type RoundHistory, type RoundKeys, shareLeft, trialsOf } from './rounds/round.ts';
export { type AnalysisPlan, type AnalysisRequest, layerTaskKeys, planAnalysis, shardSize } from './runs/analysis.ts';
export { planBenchmark } from './runs/benchmark.ts';
export { type CompressRequest, planCompress } from './runs/compress.ts';
export { DEFAULT_DISTILLATION, type FinetuneRequest, planFinetune, teachStep } from './runs/finetune.ts';
export { planImportDataset, planImportModel } from './runs/import.ts';
export { planPackage } from './runs/package.ts';
export { planReproduction } from './runs/reproduction.ts';
export { planPrune, type PruneRequest } from './runs/prune.ts';
export { publicRunId } from './run-id.ts';
export { needsRounds } from './runs/rounds.ts';
export { type AnalysedTasks, tasksName } from './steps/analysed-tasks.ts';
export { BENCHMARK, type BenchmarkedNetwork, type BenchmarkInput, type BenchmarkOutput } from './steps/benchmark.ts';
export { EXTRACT, type ExtractInput, extractKey, type ExtractOutput, type InputSample } from './steps/extract.ts';
export {
  type Distillation,
  type EpochRecord,
  FINETUNE,
  type FinetunedTask,
  type FinetuneInput,
  finetuneKey,
  type FinetuneOutput,
  type FinetunePosition,
  type NetworkSource,
} from './steps/finetune.ts';
export { IMPORT_DATASET, type ImportDatasetInput, type ImportDatasetOutput } from './steps/import-dataset.ts';
export { IMPORT_MODEL, type ImportModelInput, type ImportModelOutput, type Source } from './steps/import-model.ts';
export {
  ANSWER_KINDS,
  type AnswerKind,
  PACKAGE,
  type PackageInput,
  packageKey,
  type PackageOutput,
} from './steps/package.ts';
export { type KeptChannels, PRUNE, type PruneInput, pruneKey, type PruneOutput } from './steps/prune.ts';
export {
  type FloatLayer,
  type Quantisation,
  QUANTIZE,
  type QuantizeInput,
  quantizeKey,
  type QuantizeOutput,
} from './steps/quantize.ts';
export {
  DEFAULT_REGRESSION,
  layerTaskKey,
  type LayerTaskResult,
  REGRESS,
  type RegressInput,
  type RegressionSettings,
  regressKey,
  type RegressOutput,
} from './steps/regress.ts';
export { REPORT, type ReportInput, reportKey, type ReportOutput, type ReportRival } from './steps/report.ts';
export {
  REPRODUCTION,
  type ReproductionInput,
  reproductionKey,
  type ReproductionOutput,
} from './steps/reproduction.ts';
export { TEACH, type TeachInput, teachKey, type TeachOutput } from './steps/teach.ts';
export { TRUNCATE, type TruncateInput, truncateKey, type TruncateOutput } from './steps/truncate.ts';
export { type TrainingChoice, trainingSettings } from './training-choice.ts';
export {
  type AugmentSettings,
  checkTraining,
  DEFAULT_TRAINING,
  type OptimizerSettings,
  requireNoBatch,
  type ScheduleSettings,
  type TrainingMode,
  type TrainingSettings,
} from './training-settings.ts';
