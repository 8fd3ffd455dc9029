export { runTask, type RunTaskOptions } from './task/runTask.ts';
export { TaskPool, type PoolOptions, type PoolRunOptions } from './task/taskPool.ts';
export type { TaskContext } from './task/taskContext.ts';
export type { TaskProgress } from './task/messages.ts';
export type { TaskLog } from './task/taskChild.ts';
export { openSession, type Optimization, type SessionOptions } from './session/openSession.ts';
export { resolveProvider, type ActualProvider, type Provider } from './session/provider.ts';
export type { Dense, Port, Session } from './session/session.ts';
export { readModelFile } from './model/readModelFile.ts';
export { shapesOf, type ShapesOptions } from './model/shapesOf.ts';
export { exposePooled, pooledName, type ExposeOptions } from './model/exposePooled.ts';
export {
  pooledResponses,
  type ImageBatch,
  type PooledOptions,
  type PooledResponses,
  type Tap,
} from './responses/pooledResponses.ts';
export { batchSizeFor } from './responses/batchSize.ts';
export { writeResponses, type ResponsesToWrite } from './responses/writeResponses.ts';
export { openResponses, readResponses, type ResponsesFile } from './responses/readResponses.ts';
export { measureLatency, type LatencyModel, type LatencyOptions } from './latency/measureLatency.ts';
export type { Latency } from './latency/summarize.ts';
