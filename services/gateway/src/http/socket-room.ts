import { Failure } from '@kneepoint/failures';
import { CloseCode, type Context as SocketContext } from 'graphql-ws';
import type { Limits } from '../limits/limits.ts';

interface Reader {
  /** Bytes that are written and not sent yet. */
  readonly bufferedAmount: number;
  close(code: number, reason: string): void;
}

/** How many operations the sockets of a process may have between them, and how much they may leave unread. */
export class SocketRoom {
  readonly #bounds: Limits['sockets'];
  readonly #open: ReadonlySet<Pick<SocketContext, 'subscriptions'>>;

  constructor(bounds: Limits['sockets'], open: ReadonlySet<Pick<SocketContext, 'subscriptions'>>) {
    this.#bounds = bounds;
    this.#open = open;
  }

  /** Subscriptions of all sockets; queries are over before anybody could count them. */
  get watching(): number {
    let count = 0;
    for (const { subscriptions } of this.#open) {
      for (const id in subscriptions) if (subscriptions[id] !== null) count += 1;
    }
    return count;
  }

  /** Whether a socket may have the operation that it has just asked for. Throws TOO_MANY_SUBSCRIPTIONS. */
  require({ subscriptions }: Pick<SocketContext, 'subscriptions'>): void {
    const own = Object.keys(subscriptions).length;
    if (own > this.#bounds.operations) throw tooMany(`this socket has ${this.#bounds.operations} operations`);
    if (this.watching >= this.#bounds.subscriptions) {
      throw tooMany(`this gateway has ${this.#bounds.subscriptions} subscriptions`);
    }
  }

  /** Ends the connection of who reads nothing of what is sent, which would pile up here. */
  requireRead(socket: Reader): void {
    if (socket.bufferedAmount > this.#bounds.unreadBytes) socket.close(CloseCode.BadResponse, 'answers are not read');
  }
}

function tooMany(why: string): Failure {
  return new Failure('TOO_MANY_SUBSCRIPTIONS', `${why} already`, {
    fix: 'End subscriptions that nobody looks at, or ask another gateway.',
  });
}
