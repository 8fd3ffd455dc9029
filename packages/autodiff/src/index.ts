export { broadcastDims, Emitter, sameDims, STEP_OPSET, type Target, type ValueType } from './emit/emitter.ts';
export { floatInitializers, type Placed, placeForward, type PlaceRequest, weightInput } from './forward/place.ts';
export { differentiate } from './backward/differentiate.ts';
export { RULES } from './rules/index.ts';
export type { OperatorRule, RuleSet, Site } from './rules/rule.ts';
