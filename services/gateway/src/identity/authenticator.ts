import { Failure } from '@kneepoint/failures';
import {
  type Config,
  type Database,
  DEFAULT_PROJECT,
  digestOf,
  hasDigest,
  type Logger,
  parseToken,
} from '@kneepoint/platform';
import { type Bearer, unauthenticated } from './bearer.ts';
import type { Credentials } from './credentials.ts';
import { OidcVerifier } from './oidc.ts';
import { ANYBODY, type Principal } from './principal.ts';
import { ProjectNames } from './project-names.ts';
import { StoredTokens } from './stored-tokens.ts';

export interface AuthenticatorParts {
  /** Sees every project. */
  readonly db: Database;
  readonly config: Pick<Config, 'identity'>;
  readonly log: Logger;
  /** Of whoever sits at the machine of an embedded server. */
  readonly localToken?: string;
}

/** What else could not be one of an issuer's, so that it is not bothered. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Settles who asks, by whichever kind of token. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #tokens: StoredTokens;
  readonly #projects: ProjectNames;
  readonly #oidc: OidcVerifier | undefined;
  /** Tokens that are stored nowhere, by what their holder is called. */
  readonly #fixed: readonly { readonly digest: string; readonly bearer: Bearer }[];

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    const { adminToken, oidc } = parts.config.identity;
    this.#tokens = new StoredTokens(parts.db, parts.log);
    this.#projects = new ProjectNames(parts.db);
    this.#oidc = oidc && new OidcVerifier(oidc);
    const fixed = [
      [adminToken, { id: 'admin', kind: 'token', name: 'admin' }],
      [parts.localToken, { id: 'local', kind: 'local', name: 'local' }],
    ] as const;
    this.#fixed = fixed.flatMap(([token, who]) =>
      token === undefined
        ? []
        : [
            {
              digest: digestOf(token),
              bearer: { ...who, role: 'admin', everywhere: true, projects: [DEFAULT_PROJECT.name] },
            },
          ],
    );
  }

  /** `fresh`: what was found a moment ago does not count. Throws UNAUTHENTICATED, FORBIDDEN, DATABASE_UNAVAILABLE, IDENTITY_PROVIDER_UNAVAILABLE. */
  async authenticate({ token, project }: Credentials, { fresh = false } = {}): Promise<Principal> {
    const bearer = token === undefined ? this.#nobody() : await this.#bearerOf(token, fresh);
    const { projects, ...who } = bearer;
    const name = project ?? projects[0];
    const found =
      name !== undefined && (who.everywhere || projects.includes(name)) ? await this.#projects.find(name) : undefined;
    // One that is not there and one that is not theirs are the same to who asks.
    if (found === undefined) {
      throw new Failure(
        'FORBIDDEN',
        name === undefined
          ? 'the token names no project'
          : `the token gives no role in a project "${name.slice(0, 63)}"`,
        {
          where: 'project',
          fix: 'Ask whoever administers the project for access to it.',
        },
      );
    }
    return { ...who, project: found };
  }

  #nobody(): Bearer {
    if (this.#parts.config.identity.auth === 'none') return { ...ANYBODY, projects: [DEFAULT_PROJECT.name] };
    throw unauthenticated('the request has no token');
  }

  async #bearerOf(token: string, fresh: boolean): Promise<Bearer> {
    const fixed = this.#fixed.find(({ digest }) => hasDigest(token, digest));
    if (fixed !== undefined) return fixed.bearer;
    const parsed = parseToken(token);
    if (parsed !== undefined) return this.#tokens.verify(parsed, fresh);
    if (this.#oidc !== undefined && JWT.test(token)) return this.#oidc.verify(token);
    throw unauthenticated('the token is not valid');
  }
}
