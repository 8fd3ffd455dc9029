import { memo, type ReactNode, useMemo } from 'react';
import { AllLayers } from '../charts/all-layers.tsx';
import { Curve, type CurvePoint } from '../charts/curve.tsx';
import type { CurvesQuery, FrontierQuery } from '../generated/graphql.ts';

export type CurveView = 'layers' | 'together';

interface Props {
  /** What the curves are of. */
  readonly title: string;
  readonly curves: CurvesQuery['characteristicCurves'];
  readonly frontier: FrontierQuery['compressionFrontier'] | undefined;
  /** Which point of the frontier. */
  readonly at: number;
  readonly view: CurveView;
}

/** A network's curves for one task: a chart for each layer, or all layers in one. Drawn again only when what it shows has changed. */
export const LayerCurves = memo(function LayerCurves({ title, curves, frontier, at, view }: Props): ReactNode {
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
  if (view === 'together') {
    return (
      <>
        <AllLayers
          title={`${title}: error of every layer against the share of its filters`}
          lines={drawn}
          knees={drawn.map(({ layer }) => kept.get(layer))}
          range={range}
        />
        <p className="quiet">
          Faint lines are the first layers, strong ones the last; a dot is where a layer is cut at this ε.
        </p>
      </>
    );
  }
  return (
    <div className="multiples">
      {drawn.map(({ layer, points }) => (
        <Curve key={layer} title={layer} points={points} knee={kept.get(layer)} range={range} />
      ))}
    </div>
  );
});
