export type {
  Bus,
  Consumer,
  ConsumeOptions,
  DeadLetter,
  Job,
  JobHandler,
  PublishOptions,
  ServiceNotice,
  Unsubscribe,
} from './bus/bus.ts';
export { encodeJson } from './bus/json.ts';
export { MemoryBus } from './bus/memory-bus.ts';
export { type BusOptions, openBus } from './bus/open-bus.ts';
export { type BusSettings, DUPLICATE_WINDOW_MS, type JobErrorEvent } from './bus/settings.ts';
export {
  childLogger,
  createLogger,
  LOG_LEVELS,
  type LogContext,
  type Logger,
  type LoggerOptions,
  type LogLevel,
} from './log/create-logger.ts';
export { logProcess } from './log/log-process.ts';
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
} from './store/artifact-store.ts';
export { FolderStore, type FolderStoreOptions } from './store/folder-store.ts';
export { artifactRoutes, type HttpRoutes } from './store/artifact-routes.ts';
export { openStore, type StoreOptions } from './store/open-store.ts';
export { type SignedRequest, signPath, verifySignature } from './store/signed-url.ts';
export { readResults, type Results } from './work/read-results.ts';
export { withTemporaryFolder } from './work/temporary-folder.ts';
export type { DatabaseClient, Transaction } from './database/client.ts';
export type { Database } from './database/database.ts';
export { isDuplicate, isUnavailable } from './database/database-failure.ts';
export {
  type Artifact,
  type Attempt,
  type Checkpoint,
  type Dataset,
  type Delivery,
  type DeliveryAttempt,
  type Event,
  type Model,
  Prisma,
  type Result,
  type Run,
  type Step,
  type Webhook,
} from './database/generated/client.ts';
export { openDatabase } from './database/open-database.ts';
export { type DatabaseOptions } from './database/connection.ts';
export { cancelRun } from './work/cancel-run.ts';
export { describeRun, type RunDetails } from './work/describe-run.ts';
export { canonicalJson } from './work/canonical-json.ts';
export type { SavedCheckpoint, StepCheckpoint } from './work/checkpoint.ts';
export { contentKey } from './work/content-key.ts';
export { launchRun, type RunRequest } from './work/launch-run.ts';
export type { StepPlan } from './work/plan.ts';
export type { ProgressReport } from './work/progress-meter.ts';
export type { Repeating } from './work/repeat.ts';
export { retryRun } from './work/retry-run.ts';
export type { RunEvent } from './work/run-events.ts';
export {
  type RunProgress,
  runSummary,
  type RunSummary,
  type StepProgress,
  summarizeProgress,
} from './work/run-summary.ts';
export { type DispatcherOptions, startDispatcher } from './work/start-dispatcher.ts';
export { type ReconcilerOptions, startReconciler } from './work/start-reconciler.ts';
export { startWorker, type Worker, type WorkerOptions, type WorkerStatus } from './work/start-worker.ts';
export {
  ATTEMPT_OUTCOMES,
  isRunTerminal,
  isStepTerminal,
  RUN_STATES,
  type RunState,
  STEP_STATES,
  type StepState,
} from './work/states.ts';
export type { AbortReason, StepContext, StepHandler } from './work/step-handler.ts';
export { cleanText, storedJson } from './work/stored-json.ts';
export type { ArtifactRecord, AttemptSuccess, ContentResult } from './work/succeed-attempt.ts';
export { NatsBus, type NatsBusOptions } from './bus/nats-bus.ts';
export { type Config, readConfig } from './config/read-config.ts';
export { redactUrl } from './config/redact-url.ts';
export { type Provider, PROVIDERS, type Settings, SETTINGS } from './config/settings.ts';
export { MinioStore, type MinioStoreOptions } from './store/minio-store.ts';
export type { ServiceParts } from './service-parts.ts';
export { VERSION } from './version.ts';
export { type Readiness, readiness } from './health/readiness.ts';
export { type HealthServer, startHealthServer } from './health/start-health-server.ts';
export { dependencyChecks, workerChecks } from './health/worker-checks.ts';
export { watchBacklog } from './metrics/backlog.ts';
export { operationDuration, requestDuration, type SocketCounts, watchSockets } from './metrics/requests.ts';
export { inSpan, type TraceHeaders, traceHeaders } from './tracing/spans.ts';
export { startTracing } from './tracing/start-tracing.ts';
export { type Amount, collectGarbage, type GarbageOptions, type GarbageReport } from './retention/collect-garbage.ts';
export { diagnose } from './doctor/diagnose.ts';
export type { Check, Finding } from './doctor/finding.ts';
export type { IdentityConfig, OidcConfig } from './config/identity.ts';
export { createProject } from './identity/project.ts';
export { type CreatedToken, createToken, type TokenRequest } from './identity/create-token.ts';
export { DEFAULT_PROJECT, isAtLeast, type Role, ROLES } from './identity/roles.ts';
export { digestOf, hasDigest, makeToken, type ParsedToken, parseToken } from './identity/token.ts';
export { type Allowed, parseAllowed } from './outgoing/addresses.ts';
export {
  type GuardedAnswer,
  guardedRequest,
  type GuardedRequest,
  mayAsk,
  type Resolved,
} from './outgoing/guarded-request.ts';
export { CHOSEN_TYPES, cloudEventType, EVENT_TYPES, type EventType } from './events/event-types.ts';
export { recordEvent, recordPing, recordRedelivery } from './events/record-event.ts';
export type { RunFacts } from './events/run-events.ts';
export { seal, unsealed } from './events/sealed-secret.ts';
export { makeSecret } from './events/signature.ts';
export { type DeliveryOptions, startDeliveries } from './events/start-deliveries.ts';
export { type Backoff, USUAL_BACKOFF } from './events/backoff.ts';
