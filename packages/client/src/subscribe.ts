import { createClient } from 'graphql-ws';
import type { KneepointClient } from './client.ts';
import type { GraphqlError } from './errors.ts';

/** What a subscription gives: data, what the server says, or that the line is gone. */
export type FeedEvent<Data> = { readonly data: Data } | { readonly error: GraphqlError } | 'lost';

export interface Feed<Data> {
  next(): Promise<FeedEvent<Data>>;
  close(): void;
}

/** A subscription over a socket of its own; null where no socket can be had. It is lost when nobody greets in so many milliseconds. */
export function openFeed<Data extends object>(
  { url, headers, webSocket }: KneepointClient,
  document: string,
  variables: Record<string, unknown>,
  connectMs: number,
): Feed<Data> | null {
  if (webSocket === null) return null;
  const sockets: { close(): void }[] = [];
  /** Known here, since one that nobody answers is never handed out. */
  class KnownSocket extends webSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols);
      sockets.push(this);
    }
  }
  let greeted = false;
  let giveUp = (): void => undefined;
  const late = new Promise<'lost'>((resolve) => (giveUp = () => resolve('lost')));
  const timer = setTimeout(() => giveUp(), connectMs);
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: { ...headers },
    webSocketImpl: KnownSocket,
    connectionAckWaitTimeout: connectMs,
    // Asking takes over, and needs no second try.
    retryAttempts: 0,
    lazy: true,
    on: {
      connected: () => {
        greeted = true;
        clearTimeout(timer);
      },
    },
  });
  const events = client.iterate<Data>({ query: document, variables });
  const read = async (): Promise<FeedEvent<Data>> => {
    try {
      const event = await events.next();
      if (event.done === true) return 'lost';
      const [error] = event.value.errors ?? [];
      if (error) return { error };
      return event.value.data ? { data: event.value.data } : 'lost';
    } catch (error) {
      // A refused document is an error of GraphQL; whatever else ends a socket is a matter of the line.
      const [first] = Array.isArray(error) ? (error as GraphqlError[]) : [];
      return first === undefined ? 'lost' : { error: first };
    }
  };
  return {
    next: () => (greeted ? read() : Promise.race([read(), late])),
    close() {
      clearTimeout(timer);
      void Promise.resolve(client.dispose()).catch(() => undefined);
      if (!greeted) for (const socket of sockets) socket.close();
    },
  };
}
