export { mirrorTargets } from './augment/mirror-targets.ts';
export { type Augmentation, drawTransform, type Transform, transformPixels } from './augment/transform.ts';
export { isArchive } from './archive/archive-kind.ts';
export { parseIndex, type DatasetIndex, type PackedImage } from './archive/dataset-index.ts';
export { openDataset, type Dataset } from './archive/open-dataset.ts';
export { type ImageSource, openImages } from './archive/open-images.ts';
export { imageOffsets, openRanges, type ReadBytes, type RemoteDataset } from './archive/open-ranges.ts';
export { packDataset, type PackedDataset, type PackOptions } from './archive/pack-dataset.ts';
export { packSource, type PackSourceOptions } from './archive/pack-source.ts';
export { unpackArchive, unpackFiles, type UnpackOptions } from './archive/unpack/unpack.ts';
export { verifyDataset, type VerifyOptions } from './archive/verify-dataset.ts';
export { batches, type Batch, type BatchOptions } from './images/batches.ts';
export { decodeImage, decodePixels, pixelBands, toPlanes } from './images/decode-image.ts';
export { encodePng } from './images/encode-png.ts';
export { inspectImage } from './images/inspect-image.ts';
export { inputSize, type InputSize } from './images/input-size.ts';
export { thumbnail } from './images/thumbnail.ts';
export { plainImage, type PlainImage } from './images/plain-image.ts';
export {
  DEFAULT_PREPROCESS,
  defaultPreprocess,
  type Preprocess,
  preprocessBytes,
  preprocessJsonSchema,
  validatePreprocess,
} from './images/preprocess.ts';
export { LAYOUTS } from './layouts/registry.ts';
export { LIMITS } from './limits.ts';
export type { GivenSplit, Manifest, SplitBy } from './manifest/manifest.ts';
export type { FolderOptions } from './manifest/read-folder.ts';
export { type Reading, validateReading } from './manifest/reading.ts';
export { readManifest } from './manifest/read-manifest.ts';
export type { ManifestProblem } from './problems.ts';
export type { OnProgress, Progress } from './progress.ts';
export type { DatasetSchema } from './schema/dataset-schema.ts';
export { inferSchema, type InferredSchema } from './schema/infer-schema.ts';
export type { Table } from './table/table.ts';
export { FACE_SCHEMA, renderFaces, WILD_FACE_SCHEMA, type FacesRequest } from './faces/render-faces.ts';
