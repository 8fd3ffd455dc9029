export { runTask, type RunTaskOptions } from './task/run-task.ts';
export { TaskPool, type PoolOptions, type PoolRunOptions } from './task/task-pool.ts';
export { isolatesNetwork } from './task/confine.ts';
export type { TaskContext } from './task/task-context.ts';
export type { TaskProgress } from './task/messages.ts';
export type { EventHandler, TaskLog } from './task/task-child.ts';
export { openSession, type Optimization, type SessionOptions } from './session/open-session.ts';
export { usableCores } from './session/usable-cores.ts';
export { runBatches } from './session/run-batches.ts';
export { resolveProvider, type ActualProvider, type Provider } from './session/provider.ts';
export type { Dense, Port, Session } from './session/session.ts';
export { readModelFile } from './model/read-model-file.ts';
export { deliver, type Delivered, type DeliverOptions } from './model/deliver.ts';
export { fixedSizeNote, openSizeOf, sizesThatHold, type SizeVerdict } from './model/free-size.ts';
export { foldStored } from './model/fold-stored.ts';
export { takeModel, type TakeOptions, type TakenModel } from './model/take-model.ts';
export { shapesAsDeclared, shapesOf, type ShapesOptions } from './model/shapes-of.ts';
export { exposePooled, gridName, pooledName, type ExposeOptions } from './model/expose-pooled.ts';
export {
  gridsOf,
  pooledResponses,
  type ImageBatch,
  type PooledOptions,
  type PooledResponses,
  type Tap,
} from './responses/pooled-responses.ts';
export { batchSizeFor } from './responses/batch-size.ts';
export { writeResponses, type ResponsesToWrite } from './responses/write-responses.ts';
export { openResponses, readResponses, type ResponsesFile } from './responses/read-responses.ts';
export { readColumn, type ReadRange, type ResponsesColumn } from './responses/read-column.ts';
export { joinResponses, type JoinedColumn } from './responses/join-responses.ts';
export { declaredFile, type DeclaredFile, imagesOf, measureDeclared, originalOf } from './latency/measure-declared.ts';
export { measureLatency, type LatencyModel, type LatencyOptions } from './latency/measure-latency.ts';
export { type LayerShare, profileLayers } from './latency/profile-layers.ts';
export { machineFacts, type MachineFacts } from './latency/machine.ts';
export type { Latency, Timing } from './latency/summarize.ts';
