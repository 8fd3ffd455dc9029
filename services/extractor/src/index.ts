export { startExtractor } from './extractor.ts';
export { inspectModelFile, type InspectOptions } from './inspect-model-file.ts';
export type { FileInspection, InputSummary } from './tasks/inspect-file.task.ts';
export { checkModelFile, type CheckModelOptions } from './check-model-file.ts';
export type { ModelCheck } from './tasks/check-model.task.ts';
export { packModelFile } from './pack-model-file.ts';
export { readConfigBeside, readPreprocessBeside } from './preprocess-beside.ts';
