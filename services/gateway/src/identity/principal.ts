/** From the least to the most: who has one may do all that those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

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
  /** When it stops being valid by itself; null: never. */
  readonly expiresAt: Date | null;
}

/** The project of whatever was there before there were projects, and of embedded servers. */
export const DEFAULT_PROJECT: ProjectReference = { id: 'default', name: 'default' };

/** Who uses a server that asks nobody who they are. */
export const ANYBODY: Principal = {
  ...{ id: 'anybody', kind: 'local', name: 'anybody', project: DEFAULT_PROJECT },
  ...{ role: 'admin', everywhere: true, expiresAt: null },
};

/** Whether a role is that much, or more. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
