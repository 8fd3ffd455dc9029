import { Failure } from '@kneepoint/failures';
import type { Principal } from './principal.ts';

/** Who asks, as far as a token says it: in which project is settled after that. */
export interface Bearer extends Omit<Principal, 'project'> {
  /** Names of the projects in which the role holds; the first is worked in where the request names none. */
  readonly projects: readonly string[];
}

export function unauthenticated(message: string): Failure {
  return new Failure('UNAUTHENTICATED', message, {
    where: 'Authorization',
    fix: 'Log in with `kneepoint login`, or pass a valid token in KNEEPOINT_TOKEN or as `Authorization: Bearer`.',
  });
}
