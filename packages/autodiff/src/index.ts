export { broadcastDims, Emitter, sameDims, STEP_OPSET, type Target, type ValueType } from './emit/emitter.ts';
export { floatInitializers, type Placed, placeForward, type PlaceRequest, weightInput } from './forward/place.ts';
export { prepareForward, type Prepared } from './forward/prepare.ts';
export { untie } from './forward/untie.ts';
export { ChannelMoments, exposeMoments, type Moments, type MomentsGraph } from './normalise/channel-moments.ts';
export { foldableNormalisations, foldNormalisations } from './normalise/fold.ts';
export { insertFreshNormalisation, insertNormalisation, type Normalised } from './normalise/insert.ts';
export {
  normalisationSites,
  type NormalisationSite,
  type NormalisationSites,
  type SiteOptions,
} from './normalise/sites.ts';
export { derivativesOf } from './forward/without-derivative.ts';
export { valueTypes } from './forward/value-types.ts';
export { type Learned, learnedInitializers, trainableOf, type TrainableOptions } from './forward/trainable.ts';
export { differentiate } from './backward/differentiate.ts';
export { blockOf, type TryRun } from './formulation/blocked-convolutions.ts';
export { RULES } from './rules/index.ts';
export type { OperatorRule, RuleSet, Site } from './rules/rule.ts';
export type { BinaryTerm, CategoricalTerm, DistillationTerm, LossTerm, SquaredErrorTerm } from './loss/loss.ts';
export type { AdamSpec, OptimizerSpec, SgdSpec } from './optimizer/optimizer.ts';
export { hyperparameters } from './optimizer/index.ts';
export { learningRate, type Schedule } from './schedule/learning-rate.ts';
export type { ForwardRequest, StepRequest } from './step/request.ts';
export {
  type StepInput,
  type StepOutputs,
  type StepState,
  type TrainingStep,
  trainingStep,
} from './step/training-step.ts';
export { initialState, nextState, weightsOf } from './step/state.ts';
export { withWeights } from './step/with-weights.ts';
export { type ForwardGraph, forwardGraph } from './step/forward-graph.ts';
export { type StatisticsGraph, statisticsGraph } from './step/statistics-graph.ts';
export { type GradientGraph, type GradientRequest, gradientsOf } from './step/gradient-graph.ts';
export { type VectorJacobianGraph, type VectorJacobianRequest, vectorJacobian } from './step/vector-jacobian.ts';
