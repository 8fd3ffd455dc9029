import type { FailureKind } from '../registry.ts';

export const onnxFailures = {} as const satisfies Record<string, FailureKind>;
