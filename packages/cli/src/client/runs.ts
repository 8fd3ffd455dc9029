import {
  type Artifact,
  CancelRunDocument,
  CompressionsDocument,
  type Connection,
  ENDED,
  type KneepointClient,
  PruningsDocument,
  ReportFileDocument,
  RUN,
  type RunFieldsFragment,
  type RunView,
  SettleCompressionDocument,
  succeeded,
} from '@kneepoint/client';
import type { Report, ReportResult } from '@kneepoint/workflow';
import { Interrupted } from '../interrupt.ts';
import { ProgressBar } from '../render/progress.ts';

/** A network that a run made. */
export interface NetworkView {
  /** Tells it apart from others of the run. */
  readonly label: string;
  readonly model: Artifact;
  /** What came of it; null until the run has succeeded. */
  readonly result: ReportResult | null;
}

/** What a run made: its networks, and its report once it has succeeded. */
export interface MadeView {
  readonly report: Report | null;
  readonly networks: readonly NetworkView[];
}

export interface FollowOptions {
  /** Whether Ctrl-C ends the watching alone: the run is somebody else's. */
  readonly stay?: boolean;
}

export type OnState<Run> = (state: Run, bar: ProgressBar) => void;

/** Shows a run's progress until it has succeeded, and throws what `followView` throws. */
export function follow(
  client: KneepointClient,
  run: RunFieldsFragment,
  title: string,
  signal: AbortSignal,
): Promise<RunFieldsFragment> {
  return followView(client, run, title, signal, { view: RUN });
}

/**
 * Shows a run's progress until it has succeeded. Throws the run's failure; on interrupt cancels the run, waits until the
 * server has let go of it (on SIGTERM only until it has heard of it), and throws Interrupted. With `stay` the run goes on.
 */
export async function followView<Run extends RunFieldsFragment>(
  client: KneepointClient,
  run: RunFieldsFragment,
  title: string,
  signal: AbortSignal,
  { view, onState, stay = false }: FollowOptions & { readonly view: RunView<Run>; readonly onState?: OnState<Run> },
): Promise<RunFieldsFragment> {
  const bar = new ProgressBar();
  let leave = (): void => undefined;
  const left = new Promise<null>((resolve) => (leave = () => resolve(null)));
  const onAbort = (): void => {
    if (stay) return leave();
    const heard = cancel(client, run.id).then(
      () => undefined,
      () => undefined,
    );
    if (signal.reason instanceof Interrupted && signal.reason.atOnce) void heard.then(leave);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    let last: RunFieldsFragment = run;
    if (!ENDED.has(run.state)) {
      const states = client.watchRun(run.id, {}, view);
      for (;;) {
        const next = await Promise.race([states.next(), left]);
        if (next === null || next.done === true) break;
        last = next.value;
        onState?.(next.value, bar);
        bar.show(title, last.progress);
      }
    }
    if (signal.aborted) throw new Interrupted('interrupted');
    return succeeded(last);
  } finally {
    signal.removeEventListener('abort', onAbort);
    bar.end();
  }
}

export async function cancel(client: KneepointClient, id: string): Promise<RunFieldsFragment> {
  return (await client.mutate(CancelRunDocument, { id })).run;
}

/** Ends a compression's search with the best so far; the run that delivers it. */
export async function settle(client: KneepointClient, id: string): Promise<RunFieldsFragment> {
  return (await client.mutate(SettleCompressionDocument, { id })).run;
}

/** What a prune run cut. */
export async function pruningsOf(client: KneepointClient, id: string): Promise<MadeView> {
  return reported(client, id, await client.list(PruningsDocument, { id }, ({ run }) => run?.prunings ?? NOTHING));
}

/** What a compression made: the network that is delivered for each ε, target and goal. */
export async function compressionsOf(client: KneepointClient, id: string): Promise<MadeView> {
  const made = await client.list(CompressionsDocument, { id }, ({ run }) => run?.compressions ?? NOTHING);
  return reported(client, id, made);
}

/** The report of a run that has succeeded. */
export function reportOf({ report }: MadeView): Report {
  if (report) return report;
  throw new Error('a run that has succeeded has a report');
}

/** A list of a run that is not there. */
export const NOTHING: Connection<never> = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } };

/** The report is read from its file, which keeps the order in which it was written. */
async function reported(
  client: KneepointClient,
  id: string,
  made: readonly Pick<NetworkView, 'label' | 'model'>[],
): Promise<MadeView> {
  const file = (await client.query(ReportFileDocument, { id })).run?.report?.file;
  const report = file ? await client.downloadJson<Report>(file) : null;
  const results = new Map(report?.results.map((result) => [result.label, result]));
  return { report, networks: made.map((view) => ({ ...view, result: results.get(view.label) ?? null })) };
}
