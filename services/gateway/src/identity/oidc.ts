import { Failure } from '@kneepoint/failures';
import { isAtLeast, type OidcConfig, type Role } from '@kneepoint/platform';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Bearer, unauthenticated } from './bearer.ts';

/** Signatures by a private key alone: with a shared secret, whoever can verify a token could make one. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const CLOCK_TOLERANCE_SECONDS = 30;
const FETCH_MS = 5_000;
const KEYS_REMEMBERED_MS = 10 * 60_000;
/** A token of an unknown key makes the keys be fetched anew, so often at most. */
const COOLDOWN_MS = 30_000;
/** After it could not be asked, the issuer is left alone for so long, whoever sends tokens. */
const AWAY_MS = 2_000;

type Keys = ReturnType<typeof createRemoteJWKSet>;

/** Verifies bearer tokens of an OpenID provider against its published keys (RFC 7519, RFC 8414). */
export class OidcVerifier {
  readonly #config: OidcConfig;
  #keys: Promise<Keys> | undefined;
  #away: { readonly failure: Failure; readonly until: number } | undefined;

  constructor(config: OidcConfig) {
    this.#config = config;
  }

  /** Throws UNAUTHENTICATED, FORBIDDEN, IDENTITY_PROVIDER_UNAVAILABLE. */
  async verify(token: string): Promise<Bearer> {
    const { issuer, audience } = this.#config;
    if (this.#away !== undefined && Date.now() < this.#away.until) throw this.#away.failure;
    const keys = await this.#findKeys().catch((error: unknown) => this.#fail(error));
    try {
      const { payload } = await jwtVerify(token, keys, {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_SECONDS },
        requiredClaims: ['exp', 'sub'],
      });
      return this.#bearerOf(payload);
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    const failure = toFailure(error, this.#config.issuer);
    if (failure.code === 'IDENTITY_PROVIDER_UNAVAILABLE') this.#away = { failure, until: Date.now() + AWAY_MS };
    throw failure;
  }

  #bearerOf(payload: JWTPayload): Bearer {
    const { roles, roleClaim, projectClaim } = this.#config;
    const held = textsOf(payload[roleClaim]).flatMap((value) => (Object.hasOwn(roles, value) ? [roles[value]!] : []));
    const role = held.reduce<Role | undefined>(
      (most, next) => (most && isAtLeast(most, next) ? most : next),
      undefined,
    );
    const name = [payload['email'], payload['preferred_username'], payload['name'], payload.sub].find(
      (value): value is string => typeof value === 'string' && value !== '',
    )!;
    if (role === undefined) {
      throw new Failure('FORBIDDEN', `the token of ${name.slice(0, 100)} has no role in "${roleClaim}"`, {
        where: roleClaim,
        fix: 'Give the person a role at the issuer, or name what its values mean in KNEEPOINT_OIDC_ROLES.',
      });
    }
    return {
      ...{ id: `oidc:${payload.sub!}`, kind: 'oidc', name: name.slice(0, 100), role, everywhere: false },
      projects: textsOf(payload[projectClaim]),
    };
  }

  async #findKeys(): Promise<Keys> {
    this.#keys ??= this.#openKeys();
    try {
      return await this.#keys;
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }

  async #openKeys(): Promise<Keys> {
    const { issuer, jwksUrl } = this.#config;
    const url = jwksUrl ?? (await discover(issuer)).jwks_uri;
    if (typeof url !== 'string' || !URL.canParse(url))
      throw unavailable(issuer, 'its discovery document names no keys');
    return createRemoteJWKSet(new URL(url), {
      timeoutDuration: FETCH_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: KEYS_REMEMBERED_MS,
    });
  }
}

/** The provider's own description of where things are (OpenID Connect Discovery). Throws IDENTITY_PROVIDER_UNAVAILABLE. */
async function discover(issuer: string): Promise<{ readonly issuer?: unknown; readonly jwks_uri?: unknown }> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let found: { readonly issuer?: unknown; readonly jwks_uri?: unknown };
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_MS), redirect: 'error' });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    found = (await response.json()) as typeof found;
  } catch (error) {
    throw unavailable(issuer, 'its discovery document cannot be read', error);
  }
  if (found.issuer !== issuer) throw unavailable(issuer, 'its discovery document is of another issuer');
  return found;
}

function toFailure(error: unknown, issuer: string): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof errors.JWTExpired) return unauthenticated('the token has expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return unauthenticated(`the token is not for this gateway (${error.claim})`);
  const away = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  // jose says of a server that answers badly no more than that; whatever else it says is about the token.
  const isToken = error instanceof errors.JOSEError && !away && error.code !== 'ERR_JOSE_GENERIC';
  return isToken ? unauthenticated('the token is not valid') : unavailable(issuer, 'its keys cannot be read', error);
}

function unavailable(issuer: string, reason: string, cause?: unknown): Failure {
  return new Failure('IDENTITY_PROVIDER_UNAVAILABLE', `the issuer of tokens cannot be asked: ${reason}`, {
    where: issuer,
    fix: 'Try again; API tokens work meanwhile.',
    ...(cause === undefined ? {} : { cause }),
  });
}

function textsOf(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter((value): value is string => typeof value === 'string');
}
