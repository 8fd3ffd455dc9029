/** From the least to the most: who has one may do all that those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whether a role is that much, or more. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/** The project of whatever was there before there were projects, and of embedded servers. */
export const DEFAULT_PROJECT = { id: 'default', name: 'default' } as const;
