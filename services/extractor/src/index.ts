export { type ExtractorOptions, startExtractor } from './extractor.ts';
export { choosePreprocess } from './handlers/import-model.ts';
export { inspectModelFile, type InspectOptions } from './inspect-model-file.ts';
