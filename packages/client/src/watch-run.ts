import type { KneepointClient } from './client.ts';
import { KneepointError, serverError } from './errors.ts';
import {
  RunDocument,
  type RunFieldsFragment,
  type RunState,
  RunUpdatedDocument,
  RunWithTrainingsDocument,
  type RunWithTrainingsFieldsFragment,
  RunWithTrainingsUpdatedDocument,
  type TypedDocumentString,
} from './generated/graphql.ts';
import { type FeedEvent, openFeed } from './subscribe.ts';
import { wait, within } from './wait.ts';

/** What must be known of a run to follow it. */
export interface WatchedRun {
  /** Grows with every change. */
  readonly seq: number;
  readonly state: RunState;
}

export const ENDED: ReadonlySet<RunState> = new Set(['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT']);

/** The same fields of a run, asked for and subscribed to. */
export interface RunView<Run extends WatchedRun> {
  readonly query: TypedDocumentString<{ readonly run: Run | null }, { readonly id: string }>;
  readonly subscription: TypedDocumentString<{ readonly runUpdated: Run }, { readonly id: string }>;
}

/** State, progress and failure. */
export const RUN: RunView<RunFieldsFragment> = { query: RunDocument, subscription: RunUpdatedDocument };

/** The same, and every training with its epochs as they end. */
export const RUN_WITH_TRAININGS: RunView<RunWithTrainingsFieldsFragment> = {
  query: RunWithTrainingsDocument,
  subscription: RunWithTrainingsUpdatedDocument,
};

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

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly times?: Partial<WatchTimes> | undefined;
}

const TIMES: WatchTimes = { connect: 5_000, quiet: 5_000, poll: 1_000, patience: 60_000 };
const POLL_TIMEOUT_MS = 15_000;
/** Times that asking told more than a silent socket, until the socket is given up. */
const SILENCES = 2;

/**
 * Each state of a run until it has ended, by subscription; where a socket is refused, breaks off, is never answered or falls silent,
 * by asking each second. Throws what the server says, GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID, RUN_UNKNOWN.
 */
export async function* watchRun<Run extends WatchedRun>(
  client: KneepointClient,
  id: string,
  view: RunView<Run>,
  { signal, times: given = {} }: WatchOptions,
): AsyncGenerator<Run> {
  const times = { ...TIMES, ...given };
  let feed = openFeed<{ runUpdated: Run }>(client, view.subscription.toString(), { id }, times.connect);
  let pending = feed?.next();
  let silences = 0;
  let seq = -1;
  const lookUp = patient(client, id, view, times.patience, signal);
  try {
    for (;;) {
      signal?.throwIfAborted();
      let event: FeedEvent<{ runUpdated: Run }> | 'quiet';
      if (pending === undefined) {
        await wait(times.poll, signal);
        event = 'quiet';
      } else {
        event = await within(times.quiet, untilAborted(pending, signal), 'quiet');
      }
      if (typeof event === 'object' && 'error' in event) {
        const error = serverError(event.error);
        if (!passes(error)) throw error;
        event = 'lost';
      }
      let state: Run | null;
      if (typeof event === 'object') {
        state = event.data.runUpdated;
        silences = 0;
        pending = feed!.next();
      } else {
        state = await lookUp();
        if (event === 'quiet' && state !== null && state.seq > seq) silences += 1;
        if (event === 'lost' || silences >= SILENCES) {
          feed?.close();
          feed = null;
          pending = undefined;
        }
      }
      if (state === null || state.seq <= seq) continue;
      seq = state.seq;
      yield state;
      if (ENDED.has(state.state)) return;
    }
  } finally {
    feed?.close();
  }
}

/** Nobody there, the page of a proxy, a database that is away, too much at once: what passes is waited for. A defect is not. */
function passes(error: unknown): boolean {
  return error instanceof KneepointError && error.retryable && error.code !== 'INTERNAL';
}

/** Asks for the run; null while the gateway cannot answer and that is not for too long yet. */
function patient<Run extends WatchedRun>(
  client: KneepointClient,
  id: string,
  { query }: RunView<Run>,
  patienceMs: number,
  signal?: AbortSignal,
): () => Promise<Run | null> {
  let awaySince: number | null = null;
  return async () => {
    try {
      const { run } = await client.query(query, { id }, { timeoutMs: POLL_TIMEOUT_MS, signal });
      awaySince = null;
      if (run !== null) return run;
    } catch (error) {
      if (!passes(error)) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patienceMs) throw error;
      return null;
    }
    throw new KneepointError('RUN_UNKNOWN', `no run has the id ${id}`, { fix: 'List the runs with `kneepoint runs`.' });
  };
}

async function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return promise;
  let leave = (): void => undefined;
  const aborted = new Promise<void>((resolve) => (leave = resolve));
  signal.addEventListener('abort', leave);
  try {
    const first = await Promise.race([promise, aborted]);
    signal.throwIfAborted();
    return first as T;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
