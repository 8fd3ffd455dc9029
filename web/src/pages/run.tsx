import { ENDED, CancelRunDocument, RetryRunDocument } from '@kneepoint/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { useLocation } from 'wouter';
import { useAsk, useChange, useGateway } from '../ask.tsx';
import { Bars } from '../charts/bars.tsx';
import { History } from '../charts/history.tsx';
import { bytes, count, duration, metric, percent, time, words } from '../format.ts';
import { RunDetailDocument, type RunDetailQuery } from '../generated/graphql.ts';
import { Attempts } from '../parts/attempts.tsx';
import { FailureCard } from '../parts/failure.tsx';
import { Problem } from '../parts/problem.tsx';
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
      {!ENDED.has(run.state) && <Underway progress={run.progress} />}
      {run.report && <RunReport file={run.report.file} />}
      <Files run={run} />
      <Trainings run={run} />
      <Steps run={run} />
      <Attempts id={run.id} />
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
      {control.error && <Problem error={control.error} />}
    </div>
  );
}

function Underway({ progress }: { readonly progress: Run['progress'] }): ReactNode {
  const { fraction, current, done, total, unit, etaSeconds, stepsDone, stepsTotal } = progress;
  return (
    <section aria-label="Progress">
      <progress max={1} value={fraction} aria-label="Share of the work that is done" />
      <p>
        {percent(fraction, 0)} · step {Math.min(stepsDone + 1, stepsTotal)} of {stepsTotal}: {current ?? 'waiting'}
        {total !== null && ` · ${done ?? 0} of ${total} ${unit ?? ''}`}
        {etaSeconds !== null && ` · about ${duration(etaSeconds)} left of this`}
      </p>
    </section>
  );
}

function Trainings({ run }: { readonly run: Run }): ReactNode {
  const trainings = run.trainings.edges.map(({ node }) => node).filter(({ epochs }) => epochs.length > 0);
  if (trainings.length === 0) return null;
  return (
    <section>
      <h2>Trainings</h2>
      <div className="multiples wide">
        {trainings.map(({ name, label, epochs, epochsPlanned, bestEpoch, metricName }) => (
          <History
            key={name}
            title={name.includes(label) ? name : `${name}: ${label}`}
            values={epochs.map(({ epoch, metric: value }) => ({ epoch, value }))}
            planned={epochsPlanned}
            best={bestEpoch}
            format={(value) => metric(metricName, value)}
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
  if (made.length === 0) return null;
  return (
    <section>
      <h2>Files</h2>
      <ul>
        {made.map(({ label, model }) => (
          <li key={model.sha256}>
            <a href={model.downloadUrl} download={`${label}.onnx`}>
              {label}.onnx
            </a>{' '}
            {bytes(model.bytes)} <code className="quiet">{model.sha256.slice(0, 12)}</code>
          </li>
        ))}
        {run.report && (
          <li>
            <a href={run.report.file.downloadUrl} download="report.json">
              report.json
            </a>
          </li>
        )}
      </ul>
      {typeof run.report?.command === 'string' && (
        <p className="quiet">
          The same again: <code>{run.report.command}</code>
        </p>
      )}
    </section>
  );
}

function Steps({ run }: { readonly run: Run }): ReactNode {
  const steps = run.steps.edges.map(({ node }) => node);
  return (
    <details>
      <summary>
        {run.progress.stepsDone} of {count(run.progress.stepsTotal)} steps done
      </summary>
      <Bars
        caption="Steps"
        bars={steps.map(({ name, state, reused, done, total, unit }) => ({
          name,
          whole: 1,
          part: state === 'SUCCEEDED' ? 1 : total ? (done ?? 0) / total : 0,
          text: reused ? 'found' : words(state),
          note: state === 'RUNNING' && total !== null ? `${done ?? 0} of ${total} ${unit ?? ''}` : null,
        }))}
      />
    </details>
  );
}
