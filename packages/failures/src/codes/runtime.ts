import type { FailureKind } from '../registry.ts';

export const runtimeFailures = {} as const satisfies Record<string, FailureKind>;
