export * from './proto.ts';
export { byteLengthOf, dataTypeName, isFloatType, type TypedArray } from './data-type.ts';
export { DEFAULT_LIMITS, type ModelLimits } from './limits.ts';
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
export { capturedValues, dimsOf, Graph, isDefaultDomain, type Consumer } from './graph.ts';
export { allGraphs, allTensors, subgraphs, type TensorSite } from './walk.ts';
