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
export { openStore, type StoreOptions } from './store/openStore.ts';
export { type SignedRequest, signPath, verifySignature } from './store/signedUrl.ts';
