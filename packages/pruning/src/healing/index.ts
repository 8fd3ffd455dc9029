export { type HealingRequest, healingUnits, type HealingUnits, type LeftLayer, type Site, type Unit } from './units.ts';
export { frontier, readyUnits, settledNodes } from './schedule.ts';
export { feeds, type Sampled } from './sampling.ts';
export { type Fitted, statisticsGraph, sums, targetsGraph } from './statistics-graph.ts';
export {
  addMeasured,
  emptyStatistics,
  type Measured,
  mergeStatistics,
  type Pilots,
  pilotsOf,
  type Statistics,
} from './statistics.ts';
export { refit, type Refit } from './refit.ts';
export { tapsAt } from './window.ts';
export { writeRefit } from './write-refit.ts';
