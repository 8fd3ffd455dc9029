import { ENDED, LaunchBenchmarkDocument, type LaunchBenchmarkInput } from '@kneepoint/client';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useAsk, useChange } from '../ask.tsx';
import { Bars } from '../charts/bars.tsx';
import { change, inMilliseconds, milliseconds, percent, time } from '../format.ts';
import { LayerTimesDocument, type LayerTimesQuery } from '../generated/graphql.ts';
import { Allowed } from '../identity/allowed.tsx';
import { FailureCard } from './failure.tsx';
import { Problem } from './problem.tsx';
import { standing } from './progress-text.ts';

type Measuring = LayerTimesQuery['runs']['edges'][number]['node'];
type Measured = NonNullable<Measuring['benchmark']>;

const EVERY_MS = 2_000;

/** What each layer of a network takes where this gateway runs it, and what it takes in the newest cut of it; measured once somebody asks for it. */
export function LayerTimes({ model }: { readonly model: string }): ReactNode {
  const asked = useAsk(
    LayerTimesDocument,
    { model },
    { every: (data) => (isUnderway(data?.runs.edges[0]?.node) ? EVERY_MS : undefined) },
  );
  const queries = useQueryClient();
  const launch = useChange((gateway, input: LaunchBenchmarkInput) =>
    gateway.mutate(LaunchBenchmarkDocument.toString(), { input }),
  );
  if (asked.error) return <Problem error={asked.error} />;
  if (asked.data === undefined) return null;
  const run = asked.data.runs.edges[0]?.node;
  const cut = asked.data.cut.edges[0]?.node.compressions.edges[0]?.node.model.sha256;
  const isMeasured = run?.benchmark?.networks.some(({ layers }) => layers.length > 0) === true;
  const begin = (): void =>
    launch.mutate(
      { models: [model], ...(cut === undefined ? {} : { artifacts: [cut] }) },
      { onSuccess: () => void queries.invalidateQueries({ queryKey: [LayerTimesDocument.toString()] }) },
    );
  return (
    <section aria-label="Time of each layer">
      <h2>Time</h2>
      {!isMeasured && !isUnderway(run) && (
        <p className="quiet">
          {run?.benchmark
            ? `What its layers take cannot be told of what was measured on ${run.benchmark.provider}: only where the processor does the work.`
            : 'What its layers take has not been measured.'}
        </p>
      )}
      {run?.benchmark && isMeasured && <Times measured={run.benchmark} at={run.createdAt} />}
      {run?.failure && <FailureCard {...run.failure} />}
      {run !== undefined && isUnderway(run) ? (
        <p role="status">{['Being measured', ...standing(run.progress)].join(' · ')}</p>
      ) : (
        <Allowed least="OPERATOR" what="Measuring it">
          <button type="button" disabled={launch.isPending} onClick={begin}>
            {isMeasured ? 'Measure again' : 'Measure it here'}
            {cut !== undefined && ', beside what was cut last'}
          </button>
        </Allowed>
      )}
      {launch.error && <Problem error={launch.error} />}
    </section>
  );
}

function isUnderway(run: Measuring | undefined): boolean {
  return run !== undefined && !ENDED.has(run.state);
}

function Times({ measured, at }: { readonly measured: Measured; readonly at: string }): ReactNode {
  const [before, after] = measured.networks;
  if (before === undefined) return null;
  const left = new Map(after?.layers.map((layer) => [layer.name, layer.ms]));
  const told = before.layers.reduce((sum, { ms }) => sum + ms, 0);
  const whole = before.latencyMs.p50;
  return (
    <>
      <p className="lead">
        {inMilliseconds(whole)} for an image
        {after && `, ${inMilliseconds(after.latencyMs.p50)} once cut (${change(whole, after.latencyMs.p50)})`}: measured{' '}
        {time(at)} on {measured.provider}, where this gateway&rsquo;s workers run.
      </p>
      <Bars
        caption="What each layer takes, with all that follows it until the next one"
        bars={before.layers.map(({ name, ms, share }) => ({
          name,
          whole: ms,
          // A layer that a cut has taken out altogether takes nothing.
          part: after === undefined ? ms : Math.min(ms, left.get(name) ?? 0),
          text:
            after === undefined ? inMilliseconds(ms) : `${milliseconds(ms)} → ${inMilliseconds(left.get(name) ?? 0)}`,
          note: percent(share),
        }))}
      />
      {told < 0.98 * whole && (
        <p className="quiet">What comes before the first layer takes {percent(1 - told / whole)}.</p>
      )}
    </>
  );
}
