import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { useAskEach } from '../ask.tsx';
import { paretoFront } from '../charts/pareto-front.ts';
import { Scatter, type ScatterPoint } from '../charts/scatter.tsx';
import { bytes, count, metric, inMilliseconds, metricLabel, milliseconds, words } from '../format.ts';
import { RunToCompareDocument, type RunToCompareQuery } from '../generated/graphql.ts';
import { Choose, useChoices } from '../parts/choose.tsx';
import { differing, factsOf, type Difference } from '../parts/differences.ts';
import { Empty, Problem } from '../parts/problem.tsx';
import { MOST_COMPARED } from './runs.tsx';

type Run = NonNullable<RunToCompareQuery['run']>;
type Result = NonNullable<Run['report']>['results'][number];

/** One network that a run made. */
interface Made {
  readonly key: string;
  readonly name: string;
  readonly result: Result;
}

const COSTS = {
  macs: { text: 'MACs', of: (figures: Result['after']) => figures.macs, say: count },
  bytes: { text: 'size', of: (figures: Result['after']) => figures.bytes, say: bytes },
  latency: {
    text: 'ms for one image',
    of: (figures: Result['after']) => figures.latencyMs.p50,
    say: inMilliseconds,
  },
} as const;
type CostName = keyof typeof COSTS;

/** Runs side by side: what was asked of them differently, what came of it, and which of the results nothing else beats. */
export function Compare(): ReactNode {
  const [choice, choose] = useChoices();
  const ids = (choice('runs') ?? '')
    .split(',')
    .filter((id) => id !== '')
    .slice(0, MOST_COMPARED);
  const asked = useAskEach(
    RunToCompareDocument,
    ids.map((id) => ({ id })),
  );
  const runs = asked.flatMap(({ data }) => (data?.run ? [data.run] : []));
  const failed = asked.find(({ error }) => error !== null)?.error;
  const missing = asked.filter(({ data }) => data?.run === null).length;
  const facts = useMemo(() => differing(runs.map(factsOf)), [runs]);
  if (ids.length < 2) {
    return (
      <>
        <h1>Compare</h1>
        <Empty title="Nothing to compare">
          <p>
            Mark two runs or more under <Link href="/runs">Runs</Link>.
          </p>
        </Empty>
      </>
    );
  }
  const made = runs.flatMap((run) =>
    (run.report?.results ?? []).map((result): Made => {
      const several = (run.report?.results.length ?? 0) > 1;
      return {
        key: `${run.id} ${result.label}`,
        name: several ? `${nameOf(run)}: ${result.label}` : nameOf(run),
        result,
      };
    }),
  );
  return (
    <>
      <h1>Compare {ids.length} runs</h1>
      {failed && <Problem error={failed} />}
      {missing > 0 && <p className="quiet">{missing} of them are not there any more, or belong to another project.</p>}
      {runs.length > 0 && <Differences runs={runs} facts={facts} />}
      {made.length > 0 ? (
        <Results made={made} cost={(choice('cost') ?? 'macs') as CostName} onCost={(cost) => choose({ cost })} />
      ) : (
        runs.length === ids.length && <p className="quiet">None of them has left a result yet.</p>
      )}
    </>
  );
}

function nameOf(run: Run): string {
  return run.name ?? `${words(run.kind)} ${new Date(run.createdAt).toISOString().slice(0, 16).replace('T', ' ')}`;
}

function Differences({
  runs,
  facts,
}: {
  readonly runs: readonly Run[];
  readonly facts: readonly Difference[];
}): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="What differs">
      <table className="list">
        <caption>What differs; all else is the same</caption>
        <thead>
          <tr>
            <th scope="col" />
            {runs.map((run) => (
              <th key={run.id} scope="col">
                <Link href={`/runs/${encodeURIComponent(run.id)}`}>{nameOf(run)}</Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {facts.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {runs.map((run, at) => (
                <td key={run.id} data-head={nameOf(run)}>
                  {values[at] ?? '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ResultsProps {
  readonly made: readonly Made[];
  readonly cost: CostName;
  readonly onCost: (cost: string) => void;
}

function Results({ made, cost, onCost }: ResultsProps): ReactNode {
  const { text, of, say } = COSTS[cost] ?? COSTS.macs;
  const groups = [...new Set(made.map(({ result }) => `${result.task} ${result.metric.name}`))].map((key) =>
    made.filter(({ result }) => `${result.task} ${result.metric.name}` === key),
  );
  return (
    <>
      <h2>Results</h2>
      <div className="controls">
        <Choose
          label="Against"
          value={cost}
          options={Object.entries(COSTS).map(([value, one]) => ({ value, text: one.text }))}
          onChoose={onCost}
        />
      </div>
      {groups.map((group) => {
        const { metric: stages, task } = group[0]!.result;
        const points = pointsOf(group, of);
        const title = `${metricLabel(stages.name)} of ${task} against ${text}`;
        return (
          <section key={`${task} ${stages.name}`}>
            <figure className="curve scatter">
              <figcaption>{title}</figcaption>
              <Scatter
                title={title}
                points={points}
                axis={[text, metricLabel(stages.name)]}
                formatCost={say}
                formatValue={(value) => metric(stages.name, value)}
              />
            </figure>
            <ResultTable group={group} points={points} task={task} />
          </section>
        );
      })}
      <p className="quiet">
        A filled point is one that no other is both cheaper and better than; a hollow one is a network before it was
        cut, by its linear probe.
      </p>
    </>
  );
}

/** Each network that was made, and each that it was made from. */
function pointsOf(group: readonly Made[], of: (figures: Result['after']) => number): readonly ScatterPoint[] {
  const after = group.map(({ name, result }) => ({
    name,
    cost: of(result.after),
    value: reached(result),
    whole: false,
  }));
  const before = new Map(
    group.map(({ result }) => [
      `${result.before.macs} ${result.metric.probe}`,
      {
        name: `whole (${count(result.before.parameters)} parameters)`,
        cost: of(result.before),
        value: result.metric.probe,
        whole: true,
      },
    ]),
  );
  const front = paretoFront(after, group[0]!.result.metric.higherIsBetter);
  return [
    ...after.map((point, at) => ({ ...point, front: front[at]! })),
    ...[...before.values()].map((point) => ({ ...point, front: false })),
  ];
}

/** What a network does in the end: trained where it was, else with its head fitted again. */
function reached({ metric: { finetuned, refit } }: Result): number {
  return finetuned ?? refit;
}

function ResultTable({
  group,
  points,
  task,
}: {
  readonly group: readonly Made[];
  readonly points: readonly ScatterPoint[];
  readonly task: string;
}): ReactNode {
  const { name } = group[0]!.result.metric;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={`Results for ${task}`}>
      <table className="figures">
        <caption>Results for {task}</caption>
        <thead>
          <tr>
            {['network', metricLabel(name), 'parameters', 'MACs', 'size', 'ms for one image', 'front'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {group.map(({ key, name: called, result }, at) => (
            <tr key={key}>
              <th scope="row">{called}</th>
              <td>
                <strong>{metric(name, reached(result))}</strong>
              </td>
              <td>{count(result.after.parameters)}</td>
              <td>{count(result.after.macs)}</td>
              <td>{bytes(result.after.bytes)}</td>
              <td>{milliseconds(result.after.latencyMs.p50)}</td>
              <td>{points[at]!.front ? 'on it' : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
