import { type ReactNode, useDeferredValue, useMemo } from 'react';
import { useLocation } from 'wouter';
import { useAsk } from '../ask.tsx';
import { Curve, type CurvePoint } from '../charts/curve.tsx';
import { bytes, change, count, epsilon } from '../format.ts';
import { CurvesDocument, FrontierDocument, type FrontierQuery } from '../generated/graphql.ts';
import { useChoices, useChosen, useSources } from '../parts/choose.tsx';
import { NeedsAnalysis } from '../parts/needs-analysis.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

type Frontier = FrontierQuery['compressionFrontier'];

/** The ε that people begin with. */
const USUAL = 0.01;

/** Error against filters, layer by layer, and a dial that moves every knee at once. */
export function Curves(): ReactNode {
  const { sources, error } = useSources();
  const [{ model, dataset, task }, controls] = useChosen(sources);
  const [choice, choose] = useChoices();
  const [, go] = useLocation();
  const ready = model !== undefined && dataset !== undefined && task !== undefined;
  const about = { model: model?.id ?? '', dataset: dataset?.id ?? '', task: task ?? '' };
  const curves = useAsk(CurvesDocument, about, { enabled: ready });
  const { task: name, ...which } = about;
  const frontier = useAsk(FrontierDocument, { input: { ...which, plan: { task: name } } }, { enabled: ready });
  const points = frontier.data?.compressionFrontier.points ?? [];
  const wanted = Number(choice('epsilon') ?? USUAL);
  const at = nearest(points, wanted);
  // The figures beside the dial follow at once; a hundred charts may lag a frame behind.
  const shown = useDeferredValue(at);
  if (error) return <Problem error={error} />;
  if (sources !== undefined && !ready) {
    return (
      <Empty title="No curves yet">
        <p>Add a network under Models and labelled images under Data sets.</p>
      </Empty>
    );
  }
  const failed = curves.error ?? frontier.error;
  return (
    <>
      <h1>Curves</h1>
      <p className="lead">
        The error of a linear probe against how many filters it may use. The knee at ε is the fewest whose error is
        within ε of the best.
      </p>
      {controls}
      {failed && <NeedsAnalysis error={failed} model={model?.id} dataset={dataset?.id} />}
      {ready && !failed && frontier.data === undefined && (
        <p className="quiet" role="status">
          Planning the network at every ε…
        </p>
      )}
      {frontier.data && points[at] && (
        <section className="dial" aria-label="Threshold">
          <label>
            ε = <output>{epsilon(points[at].epsilon)}</output>
            <input
              type="range"
              min={0}
              max={points.length - 1}
              value={at}
              onChange={({ target }) => choose({ epsilon: String(points[Number(target.value)]!.epsilon) })}
            />
          </label>
          <Sizes frontier={frontier.data.compressionFrontier} at={at} />
          <button
            type="button"
            onClick={() =>
              go(
                `/compress?${new URLSearchParams({ ...about, goal: 'epsilon', epsilon: String(points[at]!.epsilon) })}`,
              )
            }
          >
            Compress at this ε
          </button>
        </section>
      )}
      {curves.data && (
        <SmallMultiples
          curves={curves.data.characteristicCurves}
          frontier={frontier.data?.compressionFrontier}
          at={shown}
        />
      )}
    </>
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

interface MultiplesProps {
  readonly curves: readonly {
    readonly layer: string;
    readonly points: readonly { readonly filters: number; readonly rmseValidation: number }[];
  }[];
  readonly frontier: Frontier | undefined;
  readonly at: number;
}

function SmallMultiples({ curves, frontier, at }: MultiplesProps): ReactNode {
  const drawn = useMemo(
    () =>
      curves.map(({ layer, points }) => ({
        layer,
        points: points.map(({ filters, rmseValidation }): CurvePoint => ({ filters, error: rmseValidation })),
      })),
    [curves],
  );
  // From the best of all layers to what predicting without looking gives: what overfits beyond that leaves the picture.
  const range = useMemo(() => {
    const best = Math.min(...drawn.flatMap(({ points }) => points.map(({ error }) => error)));
    const blind = Math.max(...drawn.map(({ points }) => points[0]?.error ?? 0));
    return [best, blind > best ? blind : best + 1] as const;
  }, [drawn]);
  const kept = new Map(frontier?.layers.map(({ name }, index) => [name, frontier.points[at]?.kept[index]]));
  return (
    <div className="multiples">
      {drawn.map(({ layer, points }) => (
        <Curve key={layer} title={layer} points={points} knee={kept.get(layer)} range={range} />
      ))}
    </div>
  );
}
