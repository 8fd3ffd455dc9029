import { Failure, type FailureJson } from '@kneepoint/failures';
import type { MeasuredResult } from '@kneepoint/workflow';
import { Interrupted } from '../interrupt.ts';
import { ProgressBar, type ProgressState } from '../render/progress.ts';
import type { GatewayClient } from './gateway-client.ts';
import { fetchReport } from './download.ts';
import { listOf } from './lists.ts';
import { ENDED } from './watch-run.ts';

export interface ArtifactView {
  readonly sha256: string;
  readonly bytes: number;
  readonly downloadUrl: string;
}

export interface RunView {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly seq: number;
  readonly reused: boolean;
  readonly progress: ProgressState & { readonly stepsDone: number; readonly stepsTotal: number };
  readonly failure: (FailureJson & { where: string | null; fix: string | null }) | null;
  readonly model: { readonly id: string; readonly name: string; readonly notes: readonly string[] } | null;
  readonly dataset: { readonly id: string; readonly name: string; readonly notes: readonly string[] } | null;
}

export interface PruningView {
  /** Tells it apart from others of the run. */
  readonly label: string;
  readonly report: MeasuredResult;
  readonly model: ArtifactView;
  readonly reportFile: ArtifactView;
}

export const RUN_FIELDS = `
  id kind state seq reused
  progress { fraction stepsDone stepsTotal current done total unit etaSeconds }
  failure { code message where fix }
  model { id name notes }
  dataset { id name notes }
`;

/** Launches by a mutation and returns the new run. */
export async function launch(
  client: GatewayClient,
  mutation: string,
  inputType: string,
  input: object,
): Promise<RunView> {
  const document = `mutation($input: ${inputType}!) { ${mutation}(input: $input) { run { ${RUN_FIELDS} } userErrors { code field message } } }`;
  return (await client.mutate<{ run: RunView }>(mutation, document, { input })).run;
}

export interface FollowOptions<View> {
  /** What is asked of each state; RUN_FIELDS at least. */
  readonly fields?: string;
  readonly onState?: (state: View, bar: ProgressBar) => void;
}

/**
 * Shows a run's progress until it has succeeded. Throws the run's failure; on interrupt cancels the run, waits until the
 * server has let go of it (on SIGTERM only until it has heard of it), and throws Interrupted.
 */
export async function follow<View extends RunView = RunView>(
  client: GatewayClient,
  run: RunView,
  title: string,
  signal: AbortSignal,
  { fields = RUN_FIELDS, onState }: FollowOptions<View> = {},
): Promise<RunView> {
  const bar = new ProgressBar();
  let leave = (): void => undefined;
  const left = new Promise<null>((resolve) => (leave = () => resolve(null)));
  const onAbort = (): void => {
    const heard = cancel(client, run.id).then(
      () => undefined,
      () => undefined,
    );
    if (signal.reason instanceof Interrupted && signal.reason.atOnce) void heard.then(leave);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    let last: RunView = run;
    if (!ENDED.includes(run.state)) {
      const states = client.watch<View>(run.id, fields);
      for (;;) {
        const next = await Promise.race([states.next(), left]);
        if (next === null || next.done === true) break;
        last = next.value;
        onState?.(next.value, bar);
        bar.show(title, last.progress);
      }
    }
    if (signal.aborted) throw new Interrupted('interrupted');
    if (last.state !== 'SUCCEEDED') throw failureOf(last);
    return last;
  } finally {
    signal.removeEventListener('abort', onAbort);
    bar.end();
  }
}

export function cancel(client: GatewayClient, id: string): Promise<RunView> {
  return control(client, 'cancelRun', id);
}

/** Ends a compression's search with the best so far; the run that delivers it. */
export function settle(client: GatewayClient, id: string): Promise<RunView> {
  return control(client, 'settleCompression', id);
}

async function control(client: GatewayClient, mutation: string, id: string): Promise<RunView> {
  const document = `mutation($id: ID!) { ${mutation}(id: $id) { run { ${RUN_FIELDS} } userErrors { code field message } } }`;
  return (await client.mutate<{ run: RunView }>(mutation, document, { id })).run;
}

/** What a prune run made; the report is read from its artifact, which keeps the order in which it was written. */
export function pruningsOf(client: GatewayClient, id: string): Promise<readonly PruningView[]> {
  return reportsOf(client, id, 'prunings');
}

/** What a compression made: the network that is delivered at each ε and target, and the report with all arms. */
export function compressionsOf(client: GatewayClient, id: string): Promise<readonly PruningView[]> {
  return reportsOf(client, id, 'compressions');
}

async function reportsOf(
  client: GatewayClient,
  id: string,
  field: 'prunings' | 'compressions',
): Promise<readonly PruningView[]> {
  const artifact = 'sha256 bytes downloadUrl';
  const fields = `label model { ${artifact} } reportFile { ${artifact} }`;
  const made = await listOf<Omit<PruningView, 'report'>>(client, id, { field, fields });
  return Promise.all(
    made.map(async (view) => ({ ...view, report: await fetchReport<MeasuredResult>(view.reportFile) })),
  );
}

function failureOf(run: RunView): Failure {
  if (!run.failure) return new Failure('RUN_ENDED', `the run ended as ${run.state}`, { where: run.id });
  const { code, message, where, fix } = run.failure;
  return Failure.fromJSON({ code, message, ...(where ? { where } : {}), ...(fix ? { fix } : {}) });
}
