import { Failure } from '@kneepoint/failures';

/** Levels of the JSON that a request carries; the deepest input of the schema has nine. */
const LEVELS = 32;

/** What a request brings along with its document. */
export interface CarriedJson {
  readonly variables?: unknown;
  readonly extensions?: unknown;
}

/** Refuses JSON that is nested so deeply that walking through it could exhaust the stack. Throws JSON_TOO_DEEP. */
export function requireShallow({ variables, extensions }: CarriedJson): void {
  for (const [where, value] of Object.entries({ variables, extensions })) {
    if (!isDeeper(value, LEVELS)) continue;
    throw new Failure('JSON_TOO_DEEP', `${where} are nested more than ${LEVELS} levels deep`, {
      where,
      fix: 'Send flatter JSON.',
    });
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
