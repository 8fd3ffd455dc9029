import { scaleLinear } from '@visx/scale';
import { memo, type ReactNode } from 'react';
import { percent } from '../format.ts';
import { type CurvePoint, errorAt } from './curve.tsx';
import { Below, Beside, pathOf, Svg } from './svg.tsx';
import { thin } from './thin.ts';

export interface LayerLine {
  readonly layer: string;
  readonly points: readonly CurvePoint[];
}

interface Props {
  readonly title: string;
  readonly lines: readonly LayerLine[];
  /** How many filters of each layer stay; no mark where it is not known. */
  readonly knees: readonly (number | undefined)[];
  readonly range: readonly [number, number];
}

/** Lines among which nobody follows one, and the units that each may then be off. */
const [MANY, CROWDED] = [60, 1];
const WIDTH = 760;
const HEIGHT = 380;
const MARGIN = { top: 18, right: 26, bottom: 36, left: 50 };

const x = scaleLinear<number>({ domain: [0, 1], range: [MARGIN.left, WIDTH - MARGIN.right] });

function heightOf([low, high]: readonly [number, number]) {
  return scaleLinear<number>({
    domain: [low, high],
    range: [HEIGHT - MARGIN.bottom, MARGIN.top],
    nice: true,
    clamp: true,
  });
}

/** Every layer's curve over the share of its filters, from the first layer (pale) to the last. Lines are drawn once; marks move with a slider. */
export function AllLayers({ title, lines, knees, range }: Props): ReactNode {
  const y = heightOf(range);
  return (
    <figure className="curve">
      <Svg title={title} width={WIDTH} height={HEIGHT}>
        <DrawnLines lines={lines} range={range} />
        {lines.map(({ layer, points }, at) => {
          const knee = knees[at];
          const error = knee === undefined ? undefined : errorAt(points, knee);
          const most = points.at(-1)?.filters ?? 0;
          if (knee === undefined || error === undefined || most === 0) return null;
          return <Knee key={layer} at={x(knee / most).toFixed(1)} error={y(error).toFixed(1)} />;
        })}
      </Svg>
    </figure>
  );
}

const Knee = memo(function Knee({ at, error }: { readonly at: string; readonly error: string }): ReactNode {
  return (
    <g className="knee" transform={`translate(${at} ${error})`}>
      <circle r={3.5} />
    </g>
  );
});

const DrawnLines = memo(function DrawnLines({ lines, range }: Pick<Props, 'lines' | 'range'>): ReactNode {
  const y = heightOf(range);
  return (
    <>
      <Beside scale={y} at={MARGIN.left} label="error of the probe" />
      <Below
        scale={x}
        at={HEIGHT - MARGIN.bottom}
        format={(share) => percent(share, 0)}
        label="share of the layer’s filters"
        end={WIDTH - MARGIN.right}
      />
      {lines.map(({ layer, points }, at) => {
        const most = points.at(-1)?.filters ?? 1;
        const line = thin(
          points.map(({ filters, error }) => [x(filters / most), y(error)] as const),
          lines.length > MANY ? CROWDED : undefined,
        );
        return (
          <path
            key={layer}
            className="line layer"
            d={pathOf(line)}
            style={
              { '--depth': (lines.length === 1 ? 1 : at / (lines.length - 1)).toFixed(3) } as Record<string, string>
            }
          >
            <title>{layer}</title>
          </path>
        );
      })}
    </>
  );
});
