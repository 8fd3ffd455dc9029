import { activation } from './activation.ts';
import { bnScale } from './bn-scale.ts';
import type { Criterion } from './criterion.ts';
import { l1 } from './l1.ts';
import { l2 } from './l2.ts';
import { random } from './random.ts';
import { taylor } from './taylor.ts';

/** Ways of ranking channels, interchangeable. Adding one is adding a file and a line here. */
export const criteria: Readonly<Record<string, Criterion>> = { random, l1, l2, bnScale, activation, taylor };
