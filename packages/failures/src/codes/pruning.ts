import type { FailureKind } from '../registry.ts';

export const pruningFailures = {} as const satisfies Record<string, FailureKind>;
