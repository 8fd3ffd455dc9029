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

/** The open sockets, each asked again and again whether its token is still good: one that was revoked or has expired ends within seconds. */
export class Sessions {
  readonly #authenticator: Authenticator;
  readonly #sessions = new Set<Session>();
  readonly #timer: NodeJS.Timeout;
  #looking = false;

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  /** Gives how to forget it, once it is closed. */
  add(session: Session): () => void {
    this.#sessions.add(session);
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
      for (const sessions of groups.values()) {
        const refusal = await this.#refusalOf(sessions[0]!.credentials);
        if (refusal !== undefined) sessions.forEach(({ end }) => end(refusal));
      }
    } finally {
      this.#looking = false;
    }
  }

  /** Undefined also where nobody can say: what cannot be asked now is asked again. */
  async #refusalOf(credentials: Credentials): Promise<Failure | undefined> {
    try {
      await this.#authenticator.authenticate(credentials, { fresh: true });
      return undefined;
    } catch (error) {
      return error instanceof Failure && (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN')
        ? error
        : undefined;
    }
  }
}
