import { contentKey } from '@kneepoint/platform';
import type { Claim, Reproduction } from '@kneepoint/reproduction';
import type { StepKind } from './step-kind.ts';

/** Reads the results of a reproduction that a client made, and leaves claims, figures and page. */
export const REPRODUCTION = {
  kind: 'reproduction',
  service: 'extractor',
  version: 1,
  timeoutSeconds: 10 * 60,
} as const satisfies StepKind;

export interface ReproductionInput {
  /** Of the uploaded results.json. */
  readonly sha256: string;
}

export interface ReproductionOutput extends Pick<Reproduction, 'data' | 'images' | 'machine' | 'tasks'> {
  readonly profile: Reproduction['profile']['name'];
  readonly networks: readonly string[];
  readonly resultsSha256: string;
  /** Markdown that names figures as `figures/NAME.svg`. */
  readonly pageSha256: string;
  readonly claims: readonly Claim[];
  readonly figures: readonly { readonly name: string; readonly paper: string; readonly sha256: string }[];
}

/** The same results give the same, so they are read once. */
export function reproductionKey(input: ReproductionInput): string {
  return contentKey(REPRODUCTION.kind, REPRODUCTION.version, input);
}
