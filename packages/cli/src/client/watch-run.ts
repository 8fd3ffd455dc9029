import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { GatewayClient } from './gateway-client.ts';
import { type GraphqlError, serverFailure } from './server-failure.ts';

/** What must be known of a run to follow it. */
export interface WatchedRun {
  /** Grows with every change. */
  readonly seq: number;
  readonly state: string;
}

export const ENDED: readonly string[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];

/** Milliseconds, and how often. */
export interface WatchTimes {
  /** A socket has so long to open and to be greeted; proxies that know no WebSocket may never answer. */
  readonly connect: number;
  /** After so long without an event the run is asked for: a line may be dead without either end knowing. */
  readonly quiet: number;
  /** Between two questions where there is no socket. */
  readonly poll: number;
  /** How long a gateway may be away before that is a failure. */
  readonly patience: number;
}

const TIMES: WatchTimes = { connect: 5_000, quiet: 5_000, poll: 1_000, patience: 60_000 };
const GOODBYE_MS = 1_000;
const POLL_TIMEOUT_MS = 15_000;
/** Times that asking told more than a silent socket, until the socket is given up. */
const SILENCES = 2;

type Event<View> = { readonly state: View } | { readonly error: GraphqlError } | 'lost' | 'quiet';

/** The subscription to a run. */
interface Feed<View> {
  next(): Promise<Event<View>>;
  close(): void;
}

/**
 * Each state of a run until it has ended, by subscription; where a socket is refused, breaks off, is never answered or falls silent,
 * by asking each second. Throws what the server says, GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID, RUN_UNKNOWN.
 */
export async function* watchRun<View extends WatchedRun>(
  client: GatewayClient,
  id: string,
  selection: string,
  times: WatchTimes = TIMES,
): AsyncGenerator<View> {
  let feed: Feed<View> | null = subscribe<View>(client, id, selection, times.connect);
  let pending = feed.next();
  let silences = 0;
  let seq = -1;
  const lookUp = patient(client, id, selection, times.patience);
  try {
    for (;;) {
      let event: Event<View> = feed === null ? await sleep(times.poll, 'quiet') : await within(times.quiet, pending);
      if (typeof event === 'object' && 'error' in event) {
        const failure = serverFailure(event.error);
        if (!passes(failure)) throw failure;
        event = 'lost';
      }
      let state: View | null;
      if (typeof event === 'object') {
        ({ state } = event);
        silences = 0;
        pending = feed!.next();
      } else {
        state = (await lookUp()) as View | null;
        if (event === 'quiet' && state !== null && state.seq > seq) silences += 1;
        if (feed !== null && (event === 'lost' || silences >= SILENCES)) {
          feed.close();
          feed = null;
        }
      }
      if (state === null || state.seq <= seq) continue;
      seq = state.seq;
      yield state;
      if (ENDED.includes(state.state)) return;
    }
  } finally {
    feed?.close();
  }
}

/** Nobody there, the page of a proxy, a database that is away, too much at once: what passes is waited for. A defect is not. */
function passes({ code, retryable }: Failure): boolean {
  return retryable && code !== 'INTERNAL';
}

/** Asks for the run; null while the gateway cannot answer and that is not for too long yet. */
function patient(
  client: GatewayClient,
  id: string,
  selection: string,
  patienceMs: number,
): () => Promise<WatchedRun | null> {
  let awaySince: number | null = null;
  return async () => {
    try {
      const { run } = await client.query<{ run: WatchedRun | null }>(
        `query($id: ID!) { run(id: $id) { ${selection} } }`,
        { id },
        { timeoutMs: POLL_TIMEOUT_MS },
      );
      awaySince = null;
      if (run !== null) return run;
    } catch (error) {
      if (!passes(Failure.from(error))) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patienceMs) throw error;
      return null;
    }
    throw new Failure('RUN_UNKNOWN', `no run has the id ${id}`, { fix: 'List the runs with `kneepoint runs`.' });
  };
}

function subscribe<View>(gateway: GatewayClient, id: string, selection: string, connectMs: number): Feed<View> {
  const sockets: WebSocket[] = [];
  /** Gives up when nobody answers its handshake. */
  class TimedSocket extends WebSocket {
    constructor(address: string, protocols?: string | string[]) {
      super(address, protocols, { handshakeTimeout: connectMs });
      sockets.push(this);
    }
  }
  const client = createClient({
    url: `${gateway.url.replace(/^http/, 'ws')}/graphql`,
    connectionParams: gateway.headers,
    webSocketImpl: TimedSocket,
    connectionAckWaitTimeout: connectMs,
    // Asking takes over, and needs no second try.
    retryAttempts: 0,
    lazy: true,
  });
  const events = client.iterate<{ runUpdated: View }>({
    query: `subscription($id: ID!) { runUpdated(id: $id) { ${selection} } }`,
    variables: { id },
  });
  return {
    async next() {
      try {
        const event = await events.next();
        if (event.done === true) return 'lost';
        const [error] = event.value.errors ?? [];
        if (error) return { error };
        return event.value.data ? { state: event.value.data.runUpdated } : 'lost';
      } catch (error) {
        // A refused document is an error of GraphQL; whatever else ends a socket is a matter of the line.
        const [first] = Array.isArray(error) ? (error as GraphqlError[]) : [];
        return first === undefined ? 'lost' : { error: first };
      }
    },
    close() {
      void Promise.resolve(client.dispose()).catch(() => undefined);
      // Left alone it would wait half a minute for an end that may be dead to say goodbye.
      setTimeout(() => sockets.forEach((socket) => socket.terminate()), GOODBYE_MS).unref();
    },
  };
}

/** The event, or `quiet` when it takes longer than so many milliseconds. */
async function within<View>(ms: number, event: Promise<Event<View>>): Promise<Event<View>> {
  const timer = new AbortController();
  try {
    return await Promise.race([
      event,
      sleep(ms, 'quiet' as const, { signal: timer.signal }).catch(() => 'quiet' as const),
    ]);
  } finally {
    timer.abort();
  }
}
