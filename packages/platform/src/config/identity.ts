import { Failure } from '@kneepoint/failures';
import { ROLES, type Role } from '../identity/roles.ts';
import type { Settings } from './settings.ts';

/** An OpenID provider whose bearer tokens let people in. */
export interface OidcConfig {
  readonly issuer: string;
  readonly audience: string;
  /** The public client that asks the issuer on behalf of the command line. */
  readonly clientId: string;
  readonly jwksUrl?: string;
  readonly projectClaim: string;
  readonly roleClaim: string;
  /** What values of the role's claim mean; where nothing is said, roles mean themselves. */
  readonly roles: Readonly<Record<string, Role>>;
}

export interface IdentityConfig {
  /** `none`: nobody is asked who they are. */
  readonly auth: 'required' | 'none';
  /** Said a second time, so that a gateway without identities may be reached from other machines. */
  readonly allowAnybody: boolean;
  /** Of an administrator of every project. */
  readonly adminToken?: string;
  readonly oidc?: OidcConfig;
}

/** Throws CONFIG_INVALID. */
export function toIdentity(settings: Settings): IdentityConfig {
  const { KNEEPOINT_ADMIN_TOKEN: adminToken } = settings;
  const oidc = toOidc(settings);
  return {
    auth: settings.KNEEPOINT_AUTH,
    allowAnybody: settings.KNEEPOINT_ALLOW_ANYBODY === 'true',
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(oidc === undefined ? {} : { oidc }),
  };
}

function toOidc(settings: Settings): OidcConfig | undefined {
  const { KNEEPOINT_OIDC_ISSUER: issuer, KNEEPOINT_OIDC_AUDIENCE: audience } = settings;
  if (issuer === undefined && audience === undefined) return undefined;
  if (issuer === undefined || audience === undefined) {
    const missing = issuer === undefined ? 'KNEEPOINT_OIDC_ISSUER' : 'KNEEPOINT_OIDC_AUDIENCE';
    throw new Failure('CONFIG_INVALID', `${missing} is not set, and the other of the two is`, {
      where: missing,
      fix: 'set both: whose tokens are taken, and for whom they must be made',
    });
  }
  const { KNEEPOINT_OIDC_JWKS_URL: jwksUrl } = settings;
  const mapping = (settings.KNEEPOINT_OIDC_ROLES ?? '').split(',').filter(Boolean);
  return {
    ...{ issuer, audience },
    clientId: settings.KNEEPOINT_OIDC_CLIENT_ID ?? audience,
    projectClaim: settings.KNEEPOINT_OIDC_PROJECT_CLAIM,
    roleClaim: settings.KNEEPOINT_OIDC_ROLE_CLAIM,
    // Where values are given a meaning, no other has one: a group may be called admin for reasons of its own.
    roles: Object.fromEntries(
      mapping.length === 0
        ? ROLES.map((role) => [role, role])
        : mapping.map((pair) => pair.split('=') as [string, Role]),
    ),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
  };
}
