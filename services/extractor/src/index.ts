export { startExtractor } from './extractor.ts';
export { inspectModelFile, type InspectOptions } from './inspect-model-file.ts';
export { readPreprocessBeside } from './preprocess-beside.ts';
