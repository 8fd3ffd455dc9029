export {
  baseUrl,
  type ClientOptions,
  createClient,
  type Document,
  type GatewayAccess,
  KneepointClient,
  type Payload,
  type RequestOptions,
  type WebSocketClass,
} from './client.ts';
export type { Artifact } from './download.ts';
export { type ErrorDetails, isFailure, KneepointError } from './errors.ts';
export * from './generated/graphql.ts';
export type { Sha256 } from './hash.ts';
export { reasonOf } from './http.ts';
export { type Connection, nodesOf } from './lists.ts';
export type { NamedFile } from './tar.ts';
export type { UploadOptions, UploadSource } from './upload.ts';
export { succeeded, type WaitOptions } from './wait-for-run.ts';
export {
  ENDED,
  RUN,
  RUN_WITH_TRAININGS,
  type RunView,
  type WatchedRun,
  type WatchOptions,
  type WatchTimes,
} from './watch-run.ts';
