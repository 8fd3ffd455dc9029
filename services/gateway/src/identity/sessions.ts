import { Failure } from '@kneepoint/failures';
import type { Authenticator } from './authenticator.ts';
import type { Credentials } from './credentials.ts';

/** A socket that is open on somebody's behalf. */
export interface Session {
  readonly credentials: Credentials;
  /** Ends it, because who it was for may no longer ask. */
  readonly end: (reason: Failure) => void;
}

/** What a socket is for can last for days; whether it still may is asked so often. */
const LOOK_MS = 2_000;
/** Tokens that are asked for at once. */
const AT_ONCE = 8;
/** An answer that takes longer is none: the other sessions are to be looked at again. */
const ANSWER_MS = 2_000;
/** So long a session goes on while nobody can say whether it may: the database, or who vouches for its token, is away. */
const TRUSTED_MS = 60_000;

/** The open sockets, each asked again and again whether its token is still good: one that was revoked or has expired ends within seconds. */
export class Sessions {
  readonly #authenticator: Authenticator;
  readonly #sessions = new Set<Session>();
  /** When it was last known that it may be open. */
  readonly #goodAt = new WeakMap<Session, number>();
  readonly #timer: NodeJS.Timeout;
  #looking = false;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** Gives how to forget it, once it is closed. */
  add(session: Session): () => void {
    this.#sessions.add(session);
    this.#goodAt.set(session, Date.now());
    return () => this.#sessions.delete(session);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    // Sockets of one token are asked for once.
    const groups = new Map<string, Session[]>();
    for (const session of this.#sessions) {
      const { token = '', project = '' } = session.credentials;
      const name = `${project} ${token}`;
      groups.set(name, [...(groups.get(name) ?? []), session]);
    }
    try {
      const waiting = [...groups.values()];
      // Many at a time: a slow answer about one token must not let another one live on.
      const looker = async (): Promise<void> => {
        for (let sessions = waiting.pop(); sessions !== undefined; sessions = waiting.pop())
          await this.#judge(sessions);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, looker));
    } finally {
      this.#looking = false;
    }
  }

  async #judge(sessions: readonly Session[]): Promise<void> {
    const refusal = await this.#refusalOf(sessions[0]!.credentials);
    if (refusal === 'unknown') {
      // What cannot be asked now is asked again, for a while: a token may have been revoked meanwhile.
      for (const session of sessions) {
        if (Date.now() - (this.#goodAt.get(session) ?? 0) > TRUSTED_MS) session.end(unanswered());
      }
    } else if (refusal !== undefined) sessions.forEach(({ end }) => end(refusal));
    else for (const session of sessions) this.#goodAt.set(session, Date.now());
  }

  /** `unknown` where nobody can say, or not soon. */
  async #refusalOf(credentials: Credentials): Promise<Failure | 'unknown' | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'unknown'>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, 'unknown')));
    try {
      const asked = this.#authenticator.authenticate(credentials, { fresh: true });
      const given = await Promise.race([asked, late]);
      return given === 'unknown' ? given : undefined;
    } catch (error) {
      const isRefusal = error instanceof Failure && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN');
      return isRefusal ? error : 'unknown';
    } finally {
      clearTimeout(timer);
    }
  }
}

function unanswered(): Failure {
  return new Failure('DATABASE_UNAVAILABLE', 'nobody could say whether the token is still good', {
    fix: 'Connect again in a moment.',
  });
}
