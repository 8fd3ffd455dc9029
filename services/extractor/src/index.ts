export { startExtractor } from './extractor.ts';
export { inspectModelFile, type InspectOptions } from './inspect-model-file.ts';
export type { FileInspection, InputSummary } from './tasks/inspect-file.task.ts';
export { packModelFile } from './pack-model-file.ts';
export { declaredPreprocess, knownPreprocess, labelsOfFile, preprocessBeside } from './known-preprocess.ts';
export { readConfigBeside, readPreprocessBeside } from './preprocess-beside.ts';
export { checkModelFile, type CheckModelOptions } from './check-model-file.ts';
export type { ModelCheck } from './tasks/check-model.task.ts';
