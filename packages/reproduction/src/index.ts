export { type Claim, type Verdict, VERDICTS } from './claim.ts';
export { claimsOf } from './claims.ts';
export { type Figure, figuresOf } from './figures/figures.ts';
export { pageOf } from './page.ts';
export { LABEL, type Position, positionIn } from './position.ts';
export { type Profile, PROFILES, SEED } from './profile.ts';
export type {
  AgnosticResult,
  CellResult,
  CurveResult,
  CutFigures,
  CutResult,
  DistributionResult,
  LayerResult,
  NetworkResult,
  RankingResult,
  Reproduction,
  SmallResult,
  TransferResult,
} from './results.ts';
export { type Table, tablesOf } from './tables.ts';
