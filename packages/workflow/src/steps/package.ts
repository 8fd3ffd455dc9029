import { contentKey } from '@kneepoint/platform';
import type { StepKind } from './step-kind.ts';

/** Lays out what a network of a report is deployed with, as one file. */
export const PACKAGE = {
  kind: 'package',
  service: 'extractor',
  version: 1,
  timeoutSeconds: 3600,
} as const satisfies StepKind;

/**
 * What a written network answers. `raw`: the scores that it was trained or fitted to give. `probabilities`: sigmoid or softmax of them.
 * `labels`: the number of the class, label or bin that the report's metric counts. Values that are measured stay what they are in each.
 */
export const ANSWER_KINDS = ['raw', 'probabilities', 'labels'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

export interface PackageInput {
  /** Of the report as a run keeps it: it says which network, and of which images it was judged. */
  readonly reportSha256: string;
  /** Which of its results. */
  readonly label: string;
  readonly answers: AnswerKind;
  /** Images of the test part that go along; 0 for none. */
  readonly testImages: number;
}

export interface PackageOutput {
  /** Of a zip archive. */
  readonly packageSha256: string;
  /** Of the folder in it. */
  readonly name: string;
}

/** The same report gives the same package, so it is made once. */
export function packageKey(input: PackageInput): string {
  return contentKey(PACKAGE.kind, PACKAGE.version, input);
}
