export { Failure, type FailureDetails, type FailureJson } from './failure.ts';
export { FAILURES, type FailureCode } from './registry.ts';
export { type FailureKind } from './kind.ts';
