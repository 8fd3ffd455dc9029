import type { KneepointClient } from './client.ts';
import { KneepointError, serverError } from './errors.ts';
import {
  RunDocument,
  type RunFieldsFragment,
  type RunFilter,
  RunsDocument,
  type RunState,
  RunsUpdatedDocument,
  type RunsUpdatedSubscription,
  RunUpdatedDocument,
  RunWithTrainingsDocument,
  type RunWithTrainingsFieldsFragment,
  RunWithTrainingsUpdatedDocument,
  type TypedDocumentString,
} from './generated/graphql.ts';
import { leavable } from './leavable.ts';
import { nodesOf } from './lists.ts';
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
export function watchRun<Run extends WatchedRun>(
  client: KneepointClient,
  id: string,
  view: RunView<Run>,
  options: WatchOptions,
): AsyncGenerator<Run> {
  return leavable(options.signal, (signal) => statesOf(client, id, view, { ...options, signal }));
}

async function* statesOf<Run extends WatchedRun>(
  client: KneepointClient,
  id: string,
  view: RunView<Run>,
  options: WatchOptions,
): AsyncGenerator<Run> {
  let seq = -1;
  const source: Source<{ readonly runUpdated: Run }, Run> = {
    ...{ document: view.subscription, variables: { id }, pick: ({ runUpdated }) => runUpdated },
    isNews: (run) => run.seq > seq,
    look: async () => {
      const { run } = await client.query(view.query, { id }, { timeoutMs: POLL_TIMEOUT_MS, signal: options.signal });
      if (run !== null) return [run];
      const fix = 'List the runs with `kneepoint runs`.';
      throw new KneepointError('RUN_UNKNOWN', `no run has the id ${id}`, { fix });
    },
  };
  for await (const run of watch(client, source, options)) {
    seq = run.seq;
    yield run;
    if (ENDED.has(run.state)) return;
  }
}

/** Runs that are looked at where there is no socket: the newest. */
const LOOKED_AT = 100;

/**
 * All runs of the project that a filter names: those that have not ended first, then each after every change, for as long as somebody
 * listens; by subscription, or by asking each second for the newest hundred. Throws what `watchRun` throws of the gateway.
 */
export function watchRuns(
  client: KneepointClient,
  filter: RunFilter | undefined,
  options: WatchOptions,
): AsyncGenerator<RunFieldsFragment> {
  return leavable(options.signal, (signal) => changesOf(client, filter, { ...options, signal }));
}

async function* changesOf(
  client: KneepointClient,
  filter: RunFilter | undefined,
  options: WatchOptions,
): AsyncGenerator<RunFieldsFragment> {
  const seen = new Map<string, number>();
  let first = true;
  const source: Source<RunsUpdatedSubscription, RunFieldsFragment> = {
    ...{ document: RunsUpdatedDocument, variables: { filter: filter ?? null }, pick: ({ runsUpdated }) => runsUpdated },
    isNews: ({ id, seq }) => seq > (seen.get(id) ?? -1),
    look: async () => {
      const page = { first: LOOKED_AT, filter: filter ?? null };
      const ask = { timeoutMs: POLL_TIMEOUT_MS, signal: options.signal };
      const rows = nodesOf((await client.query(RunsDocument, page, ask)).runs);
      // What had ended before anybody listened is no news.
      if (first) for (const { id, seq, state } of rows) if (ENDED.has(state) && !seen.has(id)) seen.set(id, seq);
      first = false;
      return [...rows].reverse();
    },
  };
  for await (const run of watch(client, source, options)) {
    seen.set(run.id, run.seq);
    yield run;
  }
}

/** What is told by a subscription, and can be asked for. */
interface Source<Data, Run> {
  readonly document: { toString(): string };
  readonly variables: Record<string, unknown>;
  pick(data: Data): Run;
  look(): Promise<readonly Run[]>;
  /** Whether it is newer than what was told of the same run. */
  isNews(run: Run): boolean;
}

async function* watch<Data extends object, Run>(
  client: KneepointClient,
  source: Source<Data, Run>,
  { signal, times: given = {} }: WatchOptions,
): AsyncGenerator<Run> {
  const times = { ...TIMES, ...given };
  let feed = openFeed<Data>(client, source.document.toString(), source.variables, times.connect);
  let pending = feed?.next();
  let silences = 0;
  const look = patient(source, times.patience);
  try {
    for (;;) {
      signal?.throwIfAborted();
      let event: FeedEvent<Data> | 'quiet';
      if (pending === undefined) {
        await wait(times.poll, signal);
        event = 'quiet';
      } else {
        event = await within(times.quiet, pending, 'quiet', signal);
      }
      if (typeof event === 'object' && 'error' in event) {
        const error = serverError(event.error);
        if (!passes(error)) throw error;
        event = 'lost';
      }
      let states: readonly Run[];
      if (typeof event === 'object') {
        states = [source.pick(event.data)];
        silences = 0;
        pending = feed!.next();
      } else {
        states = await look();
        if (event === 'quiet' && states.some((state) => source.isNews(state))) silences += 1;
        if (event === 'lost' || silences >= SILENCES) {
          feed?.close();
          feed = null;
          pending = undefined;
        }
      }
      for (const state of states) if (source.isNews(state)) yield state;
    }
  } finally {
    feed?.close();
  }
}

/** Nobody there, the page of a proxy, a database that is away, too much at once: what passes is waited for. A defect is not. */
function passes(error: unknown): boolean {
  return error instanceof KneepointError && error.retryable && error.code !== 'INTERNAL';
}

/** Looks; finds nothing while the gateway cannot answer and that is not for too long yet. */
function patient<Run>(source: Pick<Source<never, Run>, 'look'>, patienceMs: number): () => Promise<readonly Run[]> {
  let awaySince: number | null = null;
  return async () => {
    try {
      const found = await source.look();
      awaySince = null;
      return found;
    } catch (error) {
      if (!passes(error)) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince > patienceMs) throw error;
      return [];
    }
  };
}
