import type { Door } from './door.ts';
import { answers } from './kinds/answers.ts';
import { batch } from './kinds/batch.ts';
import { blocks } from './kinds/blocks.ts';
import { layout } from './kinds/layout.ts';
import { quantised } from './kinds/quantised.ts';
import { weights } from './kinds/weights.ts';
import { wiring } from './kinds/wiring.ts';

/** What each family of kinds holds. */
export const DOORS: Readonly<Record<string, readonly Door[]>> = {
  'layout, type and size': layout,
  'batch and inputs': batch,
  'where weights lie': weights,
  quantised,
  'wiring of channels': wiring,
  'blocks and layers': blocks,
  answers,
};
