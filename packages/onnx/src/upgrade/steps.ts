import { axes } from './axes.ts';
import { legacy } from './legacy.ts';
import { normalisation } from './normalisation.ts';
import { operands } from './operands.ts';
import { resize } from './resize.ts';
import type { VersionSteps } from './rule.ts';
import { softmax } from './softmax.ts';

/** Every operator that changed up to the target, with what brings it there. Operators that are not here did not change in meaning. */
export const STEPS: VersionSteps = { ...legacy, ...axes, ...operands, ...softmax, ...resize, ...normalisation };
