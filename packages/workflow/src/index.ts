export {
  type CompressedLayer,
  type CompressionRequest,
  planCompression,
  type PlannedCompression,
} from './compression.ts';
export type { DatasetReference } from './dataset.ts';
export type { LayerSummary, ModelInspection, ModelReference, TapReference } from './model.ts';
export type { CompressionReport, MetricStages, NetworkFigures, ReportLayer } from './report.ts';
export { type AnalysisPlan, type AnalysisRequest, layerTaskKeys, planAnalysis, shardSize } from './runs/analysis.ts';
export { planImportDataset, planImportModel } from './runs/import.ts';
export { planPrune, type PruneRequest } from './runs/prune.ts';
export { EXTRACT, type ExtractInput, extractKey, type ExtractOutput } from './steps/extract.ts';
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
export { PRUNE, type PruneInput, pruneKey, type PruneOptions, type PruneOutput } from './steps/prune.ts';
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
export {
  type AugmentSettings,
  checkTraining,
  DEFAULT_TRAINING,
  type OptimizerSettings,
  type ScheduleSettings,
  type TrainingMode,
  type TrainingSettings,
} from './training-settings.ts';
