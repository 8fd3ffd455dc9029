export { Failure, type FailureDetails, type FailureJson } from './failure.ts';
export { FAILURES, type FailureCode, type FailureKind } from './registry.ts';
