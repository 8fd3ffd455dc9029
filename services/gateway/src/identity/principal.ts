import { DEFAULT_PROJECT, type Role } from '@kneepoint/platform';

export interface ProjectReference {
  readonly id: string;
  readonly name: string;
}

/** On whose behalf a request works: known before anything of it is looked at. */
export interface Principal {
  /** Stays the same over requests: of a token its id, of a person the issuer's subject. */
  readonly id: string;
  /** An API token, a person whom an issuer vouches for, or who sits at the machine of an embedded server. */
  readonly kind: 'token' | 'oidc' | 'local';
  readonly name: string;
  /** The project that the request works in; nothing of another can be reached. */
  readonly project: ProjectReference;
  readonly role: Role;
  /** Whether the role holds in every project, and projects may be made. */
  readonly everywhere: boolean;
}

/** Who uses a server that asks nobody who they are. */
export const ANYBODY: Principal = {
  ...{ id: 'anybody', kind: 'local', name: 'anybody', project: DEFAULT_PROJECT },
  ...{ role: 'admin', everywhere: true },
};
