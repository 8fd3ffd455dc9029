export * from './proto.ts';
export { byteLengthOf, dataTypeName, isFloatType, type TypedArray } from './data-type.ts';
export { DEFAULT_LIMITS, MODEL_LIMITS, type ModelLimits } from './limits.ts';
export { refuseMadeLarge } from './made-sizes.ts';
export { cloneModel, decodeModel, encodeModel } from './codec.ts';
export {
  elementCount,
  floatTensor,
  intTensor,
  isDropped,
  readTensor,
  tensorDims,
  tensorNumbers,
  writeTensor,
  type Tensor,
} from './tensor.ts';
export {
  floatAttr,
  floatsAttr,
  hasAttr,
  intAttr,
  intsAttr,
  removeAttr,
  setAttr,
  stringAttr,
  tensorAttr,
  type AttributeValue,
} from './attributes.ts';
export { capturedValues, Graph, isDefaultDomain, type Consumer } from './graph.ts';
export { dimsOf, valueInfo } from './value-info.ts';
export { allGraphs, allTensors, subgraphs, type TensorSite } from './walk.ts';
export { averageGrid, type AverageStage, GRID_CELLS, GRID_NODES, GRID_SIDE, type MapSize } from './average-grid.ts';
export { GraphBuilder, type Attributes, type ConvOptions } from './builder.ts';
export { skeleton } from './skeleton.ts';
export { seededRandom, type Random } from './random.ts';
export { Layers, type Extent, type LayerOptions, type PoolOptions } from './models/layers.ts';
export { lightCnn, type LightCnnOptions } from './models/light-cnn.ts';
export { vgg16, vggStyle, type Vgg16Options, type VggStyleOptions } from './models/vgg.ts';
export { smallNets } from './models/small-nets.ts';
export { inlineExternalData, type ReadExternal } from './external-data.ts';
export { inputSpec, type InputSpec } from './input-spec.ts';
export {
  feedData,
  imageAxes,
  type ImageSize,
  inputFeeds,
  type InputFeed,
  type SizeAxes,
  isFree,
  sizedDims,
  sizeInMetadata,
} from './input-feeds.ts';
export { asImages, type AsImages } from './normalise/as-images.ts';
export { asDeclared, type AsDeclaredOptions, type WantedBatch } from './normalise/as-declared.ts';
export {
  DECLARED_ENTRY,
  type DeclaredForm,
  declaredForm,
  type DeclaredValue,
  formOf,
  noteForm,
} from './normalise/declared-form.ts';
export { freeGrid } from './normalise/free-grid.ts';
export { declareAs } from './normalise/declare-as.ts';
export { normaliseModel, type Normalised } from './normalise/normalise-model.ts';
export { replaceByBranch } from './normalise/replace-by-branch.ts';
export { narrowFloat16, widenFloat16 } from './half.ts';
export { validateGraph } from './validate.ts';
export { costs, type CostReport, type NodeCost } from './costs.ts';
export { CONTRACTIONS, OPERATOR_COSTS } from './operator-costs.ts';
export { initializerBehind, weightRole, type WeightRole } from './parameters.ts';
export { freeBatch, type FreeBatch } from './batch/free-batch.ts';
export { declaredShapes, withDeclaredShapes } from './declared-shapes.ts';
export {
  constantDims,
  constantProto,
  droppedTwin,
  floatConstant,
  intConstant,
  isConstantNode,
  movedConstant,
  reshapedConstant,
} from './fold/constants.ts';
export { axesOf, broadcastDims, type Folded, squeezed, unsqueezed } from './fold/evaluators.ts';
export { Folder } from './fold/folder.ts';
export {
  broadcast,
  concatenate,
  type Elements,
  move,
  type Movement,
  normalAxis,
  reshapeTarget,
  selection,
  sliceRange,
  strided,
  stridesOf,
  transposition,
  volume,
} from './fold/movement.ts';
export { TARGET_OPSET, type Upgraded, upgradeOpset } from './upgrade/upgrade-opset.ts';
