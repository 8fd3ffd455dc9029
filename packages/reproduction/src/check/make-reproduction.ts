import type { Claim } from '../claim.ts';
import { claimsOf } from '../claims.ts';
import { type Figure, figuresOf } from '../figures/figures.ts';
import { pageOf } from '../page.ts';
import type { Reproduction } from '../results.ts';
import { invalidReproduction, readReproduction } from './read-reproduction.ts';

/** All that follows from results. */
export interface MadeReproduction {
  readonly results: Reproduction;
  readonly claims: readonly Claim[];
  readonly figures: readonly Figure[];
  /** Markdown, which names figures as `figures/NAME.svg`. */
  readonly page: string;
}

/** A number in an attribute of a figure that is none. */
const NO_NUMBER = /="[^"]*\b(?:NaN|Infinity|undefined)\b/;

/** Reads results that somebody sent, and makes claims, figures and page of them. Throws REPRODUCTION_INVALID. */
export function makeReproduction(bytes: Uint8Array, where?: string): MadeReproduction {
  const results = readReproduction(bytes, where);
  const claims = claimsOf(results);
  const figures = figuresOf(results);
  const broken = figures.find(({ svg }) => NO_NUMBER.test(svg));
  if (broken !== undefined) throw invalidReproduction(`the figure "${broken.name}" cannot be drawn of it`, where);
  return { results, claims, figures, page: pageOf(results, claims, figures) };
}
