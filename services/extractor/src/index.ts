export { startExtractor } from './extractor.ts';
export { inspectModelFile, type InspectOptions } from './inspect-model-file.ts';
export type { FileInspection, InputSummary } from './tasks/inspect-file.task.ts';
export { readPreprocessBeside } from './preprocess-beside.ts';
