export type { Bus, Consumer, ConsumeOptions, Job, JobHandler, PublishOptions, Unsubscribe } from './bus/bus.ts';
export { encodeJson } from './bus/json.ts';
export { MemoryBus } from './bus/memoryBus.ts';
export { type BusOptions, openBus } from './bus/openBus.ts';
export { type BusSettings, DUPLICATE_WINDOW_MS, type JobErrorEvent } from './bus/settings.ts';
export {
  childLogger,
  createLogger,
  LOG_LEVELS,
  type LogContext,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './log/createLogger.ts';
export { artifactKey } from './store/addresses.ts';
export type {
  ArtifactSource,
  ArtifactStore,
  ByteRange,
  CompleteUploadOptions,
  PresignGetOptions,
  PresignPutOptions,
  PutOptions,
  Stored,
} from './store/artifactStore.ts';
export { FolderStore, type FolderStoreOptions } from './store/folderStore.ts';
export { artifactRoutes, type HttpRoutes } from './store/artifactRoutes.ts';
export { openStore, type StoreOptions } from './store/openStore.ts';
export { type SignedRequest, signPath, verifySignature } from './store/signedUrl.ts';
export { withTemporaryFolder } from './work/temporary-folder.ts';
export type { DatabaseClient, Transaction } from './database/client.ts';
export type { Database } from './database/database.ts';
export { isDuplicate, isUnavailable } from './database/databaseFailure.ts';
export {
  type Artifact,
  type Attempt,
  type Dataset,
  type Model,
  Prisma,
  type Result,
  type Run,
  type Step,
} from './database/generated/client.ts';
export { type DatabaseOptions, openDatabase } from './database/openDatabase.ts';
export { cancelRun } from './work/cancelRun.ts';
export { canonicalJson } from './work/canonicalJson.ts';
export { contentKey } from './work/contentKey.ts';
export { launchRun, type RunRequest } from './work/launchRun.ts';
export type { StepPlan } from './work/plan.ts';
export type { ProgressReport } from './work/progressMeter.ts';
export type { Repeating } from './work/repeat.ts';
export { retryRun } from './work/retryRun.ts';
export type { RunEvent } from './work/runEvents.ts';
export {
  type RunProgress,
  runSummary,
  type RunSummary,
  type StepProgress,
  summarizeProgress,
} from './work/runSummary.ts';
export { type DispatcherOptions, startDispatcher } from './work/startDispatcher.ts';
export { type ReconcilerOptions, startReconciler } from './work/startReconciler.ts';
export { startWorker, type Worker, type WorkerOptions } from './work/startWorker.ts';
export {
  ATTEMPT_OUTCOMES,
  isRunTerminal,
  isStepTerminal,
  RUN_STATES,
  type RunState,
  STEP_STATES,
  type StepState,
} from './work/states.ts';
export type { AbortReason, StepContext, StepHandler } from './work/stepHandler.ts';
export { storedJson } from './work/storedJson.ts';
export type { ArtifactRecord, AttemptSuccess, ContentResult } from './work/succeedAttempt.ts';
export { NatsBus, type NatsBusOptions } from './bus/natsBus.ts';
export { type Config, readConfig } from './config/readConfig.ts';
export { redactUrl } from './config/redactUrl.ts';
export { type Provider, PROVIDERS, type Settings, SETTINGS } from './config/settings.ts';
export { MinioStore, type MinioStoreOptions } from './store/minioStore.ts';
export type { ServiceParts } from './service-parts.ts';
