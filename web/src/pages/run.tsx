import { ENDED, CancelRunDocument, RetryRunDocument } from '@kneepoint/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { useLocation } from 'wouter';
import { useAsk, useChange, useGateway } from '../ask.tsx';
import { Bars } from '../charts/bars.tsx';
import { History } from '../charts/history.tsx';
import { bytes, metric, percent, time, words } from '../format.ts';
import { RunDetailDocument, type RunDetailQuery } from '../generated/graphql.ts';
import { Allowed } from '../identity/allowed.tsx';
import { Events } from '../parts/events.tsx';
import { FailureCard } from '../parts/failure.tsx';
import { MakePackage, PackageLink } from '../parts/package.tsx';
import { Problem } from '../parts/problem.tsx';
import { standing } from '../parts/progress-text.ts';
import { RunReport } from '../report/run-report.tsx';
import { State } from './runs.tsx';

type Run = NonNullable<RunDetailQuery['run']>;

/** One run, as it goes and as it ended. */
export function RunPage({ id }: { readonly id: string }): ReactNode {
  const asked = useAsk(RunDetailDocument, { id });
  useLive(id, asked.data?.run?.state);
  if (asked.error) return <Problem error={asked.error} />;
  if (asked.data === undefined) return <p className="quiet">Asking for the run…</p>;
  const { run } = asked.data;
  if (run === null) {
    return (
      <>
        <h1>There is no such run</h1>
        <p>It may belong to another project.</p>
      </>
    );
  }
  return (
    <>
      <h1>{run.name ?? words(run.kind)}</h1>
      <p className="lead">
        <State state={run.state} /> {run.tasks.join(', ')}
        {run.model && ` · ${run.model.name}`}
        {run.dataset && ` on ${run.dataset.name}`} · {time(run.createdAt)}
        {run.createdBy !== null && ` by ${run.createdBy}`}
        {run.reused && ' · everything was found done'}
        {run.labels.map(({ key, value }) => ` · ${key}=${value}`).join('')}
      </p>
      <Controls run={run} />
      {run.failure && <FailureCard {...run.failure} />}
      {!ENDED.has(run.state) && <Underway run={run} />}
      <Files run={run} />
      {run.report ? <RunReport file={run.report.file} /> : <Trainings run={run} />}
      <Steps run={run} />
      <Events run={run} isOver={ENDED.has(run.state)} />
    </>
  );
}

/** Asks for the whole view again whenever the run says that something changed, once a second at most. */
function useLive(id: string, state: Run['state'] | undefined): void {
  const gateway = useGateway();
  const queries = useQueryClient();
  const isOver = state === undefined || ENDED.has(state);
  useEffect(() => {
    if (isOver) return undefined;
    const left = new AbortController();
    const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: [RunDetailDocument.toString()] });
    const listen = async (): Promise<void> => {
      for await (const _ of gateway.watchRun(id, { signal: left.signal })) {
        await refresh();
        await new Promise((resolve) => setTimeout(resolve, 1000));
        if (left.signal.aborted) return;
      }
      await refresh();
    };
    // What is wrong with the line shows where the view is asked for.
    listen().catch(() => undefined);
    return () => left.abort();
  }, [gateway, queries, id, isOver]);
}

function Controls({ run }: { readonly run: Run }): ReactNode {
  const [, go] = useLocation();
  const queries = useQueryClient();
  const control = useChange((gateway, what: 'cancel' | 'retry') =>
    gateway.mutate<{ x: { run: { id: string } | null } }>(
      (what === 'cancel' ? CancelRunDocument : RetryRunDocument).toString(),
      { id: run.id },
    ),
  );
  const isOver = ENDED.has(run.state);
  if (run.state === 'SUCCEEDED' || run.state === 'CANCELING') return null;
  return (
    <div className="controls">
      <Allowed least="OPERATOR">
        <button
          type="button"
          disabled={control.isPending}
          onClick={() =>
            control.mutate(isOver ? 'retry' : 'cancel', {
              onSuccess: (payload) => {
                void queries.invalidateQueries();
                if (isOver) go(`/runs/${encodeURIComponent((payload as { run: { id: string } }).run.id)}`);
              },
            })
          }
        >
          {isOver ? 'Try again' : 'Cancel'}
        </button>
      </Allowed>
      {control.error && <Problem error={control.error} />}
    </div>
  );
}

function Underway({ run: { progress, state } }: { readonly run: Run }): ReactNode {
  const { fraction, current, stepsDone, stepsTotal } = progress;
  const does = state === 'CANCELING' ? ['the workers are told to let go'] : standing(progress);
  return (
    <section aria-label="Progress">
      <progress max={1} value={fraction} aria-label="Share of the work that is done" />
      <p aria-live="polite">
        {[
          percent(fraction, 0),
          `${stepsDone} of ${stepsTotal} steps done`,
          ...(current === null ? [] : [current]),
          ...does,
        ].join(' · ')}
      </p>
    </section>
  );
}

/** Of a training whose step is not among those that were asked for. */
const NOTHING_SAID = { message: null, done: null, total: null, unit: null } as const;

function Trainings({ run }: { readonly run: Run }): ReactNode {
  const steps = new Map(run.steps.edges.map(({ node }) => [node.name, node]));
  const trainings = run.trainings.edges
    .map(({ node }) => ({ ...node, does: standing(steps.get(node.name) ?? { ...NOTHING_SAID, ...node }) }))
    .filter(({ epochs, does }) => epochs.length > 0 || does.length > 0);
  if (trainings.length === 0) return null;
  return (
    <section>
      <h2>Trainings</h2>
      <div className="multiples wide">
        {trainings.map(({ name, label, epochs, epochsPlanned, bestEpoch, metricName, does }) => (
          <History
            key={name}
            title={name.includes(label) ? name : `${name}: ${label}`}
            values={epochs.map(({ epoch, metric: value }) => ({ epoch, value }))}
            planned={epochsPlanned}
            best={bestEpoch}
            format={(value) => metric(metricName, value)}
            does={does.join(' · ')}
          />
        ))}
      </div>
    </section>
  );
}

function Files({ run }: { readonly run: Run }): ReactNode {
  // A compression leaves what it cut before training, too.
  const { edges } = run.compressions.edges.length > 0 ? run.compressions : run.prunings;
  const made = edges.map(({ node }) => node);
  if (made.length === 0 && run.package === null) return null;
  return (
    <section>
      <h2>Files</h2>
      <ul className="files">
        {made.map(({ label, model }) => (
          <li key={model.sha256}>
            <a href={model.downloadUrl} download={`${label}.onnx`}>
              {label}.onnx
            </a>{' '}
            {bytes(model.bytes)} <code className="quiet">{model.sha256.slice(0, 12)}</code>{' '}
            {run.report && (
              <Allowed least="OPERATOR" what="Packaging it for deployment">
                <MakePackage
                  of={run.id}
                  label={label}
                  isTrained={run.report.results.find((one) => one.label === label)?.delivered.scores === 'LOGITS'}
                  hasImages={run.dataset !== null}
                />
              </Allowed>
            )}
          </li>
        ))}
        {run.package && (
          <li>
            <PackageLink file={run.package} />
          </li>
        )}
        {run.report && (
          <li>
            <a href={run.report.file.downloadUrl} download="report.json">
              report.json
            </a>
          </li>
        )}
      </ul>
    </section>
  );
}

function Steps({ run }: { readonly run: Run }): ReactNode {
  const steps = run.steps.edges.map(({ node }) => node);
  const { stepsDone, stepsTotal } = run.progress;
  return (
    <details>
      <summary>
        {stepsDone} of {stepsTotal} steps done
      </summary>
      <Bars
        caption={steps.length < stepsTotal ? `The first ${steps.length} of ${stepsTotal} steps` : 'Steps'}
        bars={steps.map((step) => ({
          name: step.name,
          whole: 1,
          part: step.state === 'SUCCEEDED' ? 1 : step.total ? (step.done ?? 0) / step.total : 0,
          text: step.reused ? 'found' : words(step.state),
          note: standing(step).join(' · '),
        }))}
      />
    </details>
  );
}
