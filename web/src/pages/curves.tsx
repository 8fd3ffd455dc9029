import { type ReactNode, useDeferredValue, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk } from '../ask.tsx';
import { bytes, change, count, epsilon, percent } from '../format.ts';
import { CurvesDocument, type CurvesQuery, FrontierDocument, type FrontierQuery } from '../generated/graphql.ts';
import { Choose, type Sources, useChoices, useChosen, useSources } from '../parts/choose.tsx';
import { type CurveView, LayerCurves } from '../parts/layer-curves.tsx';
import { NeedsAnalysis } from '../parts/needs-analysis.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

type Curve = CurvesQuery['characteristicCurves'];
type Frontier = FrontierQuery['compressionFrontier'];

/** The ε that people begin with. */
const USUAL = 0.01;
/** After which the address says where the dial stands: browsers let nobody rewrite it in every frame. */
const SETTLED_MS = 250;

/** One network, read for one task. */
interface Subject {
  readonly model: string;
  readonly dataset: string;
  readonly task: string;
}

/** Error against filters, layer by layer, and a dial that moves every knee at once; for one task of one network, or for two side by side. */
export function Curves(): ReactNode {
  const { sources, error } = useSources();
  const [{ model, dataset, task }, controls] = useChosen(sources);
  const [choice, choose] = useChoices();
  const [, go] = useLocation();
  const ready = model !== undefined && dataset !== undefined && task !== undefined;
  const first: Subject = { model: model?.id ?? '', dataset: dataset?.id ?? '', task: task ?? '' };
  const otherModel = sources?.models.find(({ id }) => id === choice('model2'));
  const otherTask = dataset?.tasks.find(({ name }) => name === choice('task2'))?.name;
  const second: Subject | undefined =
    otherModel === undefined && otherTask === undefined
      ? undefined
      : { ...first, model: otherModel?.id ?? first.model, task: otherTask ?? first.task };
  const left = useSubject(first, ready);
  const right = useSubject(second ?? first, ready && second !== undefined);
  const points = left.frontier?.points ?? [];
  const [held, hold] = useState<number | null>(null);
  const at = held ?? nearest(points, Number(choice('epsilon') ?? USUAL));
  useEffect(() => {
    const epsilonHeld = held === null ? undefined : points[held]?.epsilon;
    if (epsilonHeld === undefined) return undefined;
    const settled = setTimeout(() => {
      choose({ epsilon: String(epsilonHeld) });
      hold(null);
    }, SETTLED_MS);
    return () => clearTimeout(settled);
  }, [held]);
  // The figures beside the dial follow at once; a hundred charts may lag a frame behind.
  const shown = useDeferredValue(at);
  const view: CurveView = choice('view') === 'together' ? 'together' : 'layers';
  if (error) return <Problem error={error} />;
  if (sources !== undefined && !ready) {
    return (
      <Empty title="No curves yet">
        <p>Add a network under Models and labelled images under Data sets.</p>
      </Empty>
    );
  }
  const titleOf = (subject: Subject): string =>
    `${sources?.models.find(({ id }) => id === subject.model)?.name}, ${subject.task}`;
  return (
    <>
      <h1>Curves</h1>
      <p className="lead">
        The error of a linear probe against how many filters it may use. The knee at ε is the fewest whose error is
        within ε of the best.
      </p>
      {controls}
      <Beside sources={sources} tasks={dataset?.tasks.map(({ name }) => name) ?? []} />
      {left.error && <NeedsAnalysis error={left.error} model={first.model} dataset={first.dataset} />}
      {ready && !left.error && left.frontier === undefined && (
        <p className="quiet" role="status">
          Planning the network at every ε…
        </p>
      )}
      {points[at] && (
        <section className="dial" aria-label="Threshold">
          <label>
            ε = <output>{epsilon(points[at].epsilon)}</output>
            <input
              type="range"
              min={0}
              max={points.length - 1}
              value={at}
              aria-valuetext={`ε = ${epsilon(points[at].epsilon)}`}
              onChange={({ target }) => hold(Number(target.value))}
            />
          </label>
          <div>
            <Sizes frontier={left.frontier!} at={at} />
            {second && right.frontier && <Sizes frontier={right.frontier} at={at} />}
          </div>
          <button
            type="button"
            onClick={() =>
              go(
                `/compress?${new URLSearchParams({ ...first, goal: 'epsilon', epsilon: String(points[at]!.epsilon) })}`,
              )
            }
          >
            Compress at this ε
          </button>
        </section>
      )}
      <div className={second === undefined ? undefined : 'two'}>
        {left.curves && (
          <section aria-label={titleOf(first)}>
            {second && <h2>{titleOf(first)}</h2>}
            <Untold subject={first} curves={left.curves} />
            <LayerCurves title={titleOf(first)} curves={left.curves} frontier={left.frontier} at={shown} view={view} />
          </section>
        )}
        {second && (
          <section aria-label={titleOf(second)}>
            <h2>{titleOf(second)}</h2>
            {right.error && <NeedsAnalysis error={right.error} model={second.model} dataset={second.dataset} />}
            {right.curves && (
              <>
                <Untold subject={second} curves={right.curves} />
                <LayerCurves
                  title={titleOf(second)}
                  curves={right.curves}
                  frontier={right.frontier}
                  at={shown}
                  view={view}
                />
              </>
            )}
          </section>
        )}
      </div>
    </>
  );
}

function useSubject({ task, ...about }: Subject, enabled: boolean) {
  const curves = useAsk(CurvesDocument, { ...about, task }, { enabled });
  const frontier = useAsk(FrontierDocument, { input: { ...about, plan: { task } } }, { enabled });
  return {
    curves: curves.data?.characteristicCurves,
    frontier: frontier.data?.compressionFrontier,
    error: curves.error ?? frontier.error,
  };
}

/** What stands beside, and how the curves are drawn. */
function Beside({
  sources,
  tasks,
}: {
  readonly sources: Sources | undefined;
  readonly tasks: readonly string[];
}): ReactNode {
  const [choice, choose] = useChoices();
  return (
    <div className="controls">
      <Choose
        label="Beside it, network"
        value={choice('model2') ?? ''}
        options={[
          { value: '', text: '–' },
          ...(sources?.models ?? []).map(({ id, name }) => ({ value: id, text: name })),
        ]}
        onChoose={(id) => choose({ model2: id })}
      />
      <Choose
        label="Beside it, task"
        value={choice('task2') ?? ''}
        options={[{ value: '', text: '–' }, ...tasks.map((name) => ({ value: name, text: name }))]}
        onChoose={(name) => choose({ task2: name })}
      />
      <Choose
        label="Drawn"
        value={choice('view') ?? 'layers'}
        options={[
          { value: 'layers', text: 'layer by layer' },
          { value: 'together', text: 'all layers in one' },
        ]}
        onChoose={(view) => choose({ view })}
      />
    </div>
  );
}

/** Of the variance of labels, below which a layer tells next to nothing of them. */
const TELLING = 0.02;

/** Said where no layer tells the task: knees lie somewhere all the same. */
function Untold({ subject, curves }: { readonly subject: Subject; readonly curves: Curve }): ReactNode {
  const errors = curves.flatMap(({ points }) => points.map(({ rmseValidation }) => rmseValidation));
  const blind = Math.max(...curves.map(({ points }) => points[0]?.rmseValidation ?? 0));
  const explained = 1 - (Math.min(...errors) / blind) ** 2;
  if (!(explained < TELLING)) return null;
  return (
    <p className="quiet">
      No layer explains {percent(TELLING, 0)} of the labels of {subject.task}: where the knees lie says little.
    </p>
  );
}

function nearest(points: Frontier['points'], wanted: number): number {
  let best = 0;
  points.forEach(({ epsilon: value }, at) => {
    if (Math.abs(Math.log(value / wanted)) < Math.abs(Math.log(points[best]!.epsilon / wanted))) best = at;
  });
  return best;
}

function Sizes({ frontier, at }: { readonly frontier: Frontier; readonly at: number }): ReactNode {
  const { before, points, bestLayer } = frontier;
  const { after } = points[at]!;
  const sizes = [
    ['parameters', count(after.parameters), change(before.parameters, after.parameters)],
    ['MACs', count(after.macs), change(before.macs, after.macs)],
    ['weights', bytes(after.bytes), change(before.bytes, after.bytes)],
  ] as const;
  return (
    <dl className="sizes">
      {sizes.map(([name, figure, less]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {figure} <strong>{less}</strong>
          </dd>
        </div>
      ))}
      <div>
        <dt>head reads</dt>
        <dd>{bestLayer}</dd>
      </div>
    </dl>
  );
}
