export { type GramProblem, type GroupProblem } from './gram-problem.ts';
export { lassoPath, type LassoPathOptions } from './lasso-path.ts';
export { DROP, END, JOIN_NEGATIVE, JOIN_POSITIVE, type LassoPath } from './path-shape.ts';
export { PathCursor } from './path-cursor.ts';
export { sampleLambdas } from './sample-lambdas.ts';
export { coefficientsAt, type PathPoint, samplePath, type SparseCoefficients, supportAt } from './sample-path.ts';
export { certify, CERTIFIED_GAP, CERTIFIED_KKT, type Certificate } from './certify.ts';
export { errorAt, segmentErrors } from './segment-errors.ts';
export {
  groupLambdaMax,
  groupLassoPath,
  type GroupPath,
  type GroupPathOptions,
  type GroupPoint,
} from './group-lasso-path.ts';
export {
  separateLambdaMax,
  separateLassoPath,
  type SeparatePath,
  type SeparatePoint,
  type SeparateTarget,
} from './separate-lasso-path.ts';
export { warmUp } from './warm-up.ts';
