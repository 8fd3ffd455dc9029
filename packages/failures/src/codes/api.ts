import type { FailureKind } from '../registry.ts';

export const apiFailures = {} as const satisfies Record<string, FailureKind>;
