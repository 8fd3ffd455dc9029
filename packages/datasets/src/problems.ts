import { Failure, type FailureCode } from '@kneepoint/failures';
import { LIMITS } from './limits.ts';

/** One thing that is wrong with a data set. `line` counts from 1; 0 means the file as a whole. */
export interface ManifestProblem {
  readonly code: FailureCode;
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

/** Above this many the rest is counted only, so that a hopeless manifest of a million rows costs no memory. */
const KEPT = 10_000;

/** Collects every problem of a data set, so that a person meets all of them at once and not one per try. */
export class Problems {
  readonly #kept: ManifestProblem[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** The problems in the order of a reader: file by file, line by line. */
  get list(): ManifestProblem[] {
    const files = [...new Set(this.#kept.map((problem) => problem.file))];
    return [...this.#kept].sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
  }

  add(problem: ManifestProblem): void {
    this.#total += 1;
    if (this.#kept.length < KEPT) this.#kept.push(problem);
  }

  /** Throws one Failure for all problems: the code, place and fix of the first, and a message with one line for each kind. */
  throwIfAny(): void {
    const list = this.list;
    const first = list[0];
    if (first === undefined) return;
    const details = { where: placeOf(first), fix: first.fix };
    if (this.#total === 1) throw new Failure(first.code, first.message, details);
    const kinds = new Map<string, { readonly first: ManifestProblem; count: number }>();
    for (const problem of list) {
      const known = kinds.get(kindOf(problem));
      if (known === undefined) kinds.set(kindOf(problem), { first: problem, count: 1 });
      else known.count += 1;
    }
    const lines = [...kinds.values()].slice(0, LIMITS.problemsListed).map(({ first: example, count }) => {
      return `  ${placeOf(example)}: ${example.message}${count > 1 ? ` (and ${count - 1} more of this kind)` : ''}`;
    });
    const rest = kinds.size - lines.length;
    if (rest > 0) lines.push(`  and ${rest} kinds more`);
    if (this.#total > list.length) lines.push(`  (the first ${list.length} were looked at by kind)`);
    throw new Failure(first.code, `${this.#total} problems:\n${lines.join('\n')}`, details);
  }
}

function placeOf(problem: ManifestProblem): string {
  return problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`;
}

/** Problems of one kind say the same of different values. */
function kindOf({ code, file, message }: ManifestProblem): string {
  return [code, file, message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, '…')].join('\n');
}
