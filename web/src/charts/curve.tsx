import { scaleLinear } from '@visx/scale';
import { memo, type ReactNode } from 'react';
import { Below, Beside, fine, pathOf, short, Svg } from './svg.tsx';
import { thin } from './thin.ts';

export interface CurvePoint {
  readonly filters: number;
  /** In the unit of the target; of classes, of their 0 and 1. */
  readonly error: number;
}

interface CurveProps {
  readonly title: string;
  readonly points: readonly CurvePoint[];
  /** How many filters stay; no mark when absent. */
  readonly knee?: number | undefined;
  /** Filters that stay in each of several networks, where the curve is that of all of them. */
  readonly marks?: readonly number[];
  /** Range of errors; that of the points when absent. Several charts are compared by one range. */
  readonly range?: readonly [number, number] | undefined;
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { top: 8, right: 8, bottom: 22, left: 46 };

/**
 * One characteristic curve: error against filters, and the knee on it. Lines are drawn once; only the mark moves with a slider, where it moves at
 * all: most layers keep as many filters from one step to the next.
 */
export const Curve = memo(function Curve({
  title,
  points,
  knee,
  marks,
  range,
  width = 220,
  height = 130,
}: CurveProps): ReactNode {
  return (
    <figure className="curve">
      <figcaption>
        {title}
        {knee !== undefined && (
          <span>
            {knee} of {points.at(-1)?.filters ?? 0}
          </span>
        )}
        {marks && (
          <span>
            {marks.join(', ')} of {points.at(-1)?.filters ?? 0}
          </span>
        )}
      </figcaption>
      <Svg title={`${title}: error against filters`} width={width} height={height}>
        <Drawn points={points} knee={knee} marks={marks} range={range} width={width} height={height} />
      </Svg>
    </figure>
  );
});

/** Many curves side by side in one drawing, each under its name. */
export function CurveGrid({
  title,
  curves,
  range,
}: {
  readonly title: string;
  readonly curves: readonly Pick<CurveProps, 'title' | 'points' | 'knee'>[];
  readonly range: CurveProps['range'];
}): ReactNode {
  const columns = Math.min(GRID.columns, curves.length);
  const height = GRID.height + GRID.head;
  return (
    <Svg title={title} width={columns * GRID.width} height={Math.ceil(curves.length / columns) * height}>
      {curves.map(({ title: name, points, knee }, at) => (
        <g
          key={name}
          transform={`translate(${(at % columns) * GRID.width} ${Math.floor(at / columns) * height + GRID.head})`}
        >
          <text className="label small" x={MARGIN.left} y={-2}>
            {short(name, 16)}
            {knee === undefined ? '' : `: ${knee} of ${points.at(-1)?.filters ?? 0}`}
          </text>
          <Drawn points={points} knee={knee} range={range} width={GRID.width} height={GRID.height} />
        </g>
      ))}
    </Svg>
  );
}

const GRID = { columns: 4, width: 220, height: 130, head: 18 };

type DrawnProps = Required<Pick<CurveProps, 'points' | 'width' | 'height'>> &
  Pick<CurveProps, 'knee' | 'range'> & { readonly marks?: CurveProps['marks'] | undefined };

function Drawn({ points, knee, marks, range, width, height }: DrawnProps): ReactNode {
  const { x, y } = scalesOf(points, range, width, height);
  const at = knee === undefined ? undefined : errorAt(points, knee);
  return (
    <>
      <Lines points={points} range={range} width={width} height={height} />
      {knee !== undefined && at !== undefined && (
        <g className="knee" transform={`translate(${fine(x(knee))} 0)`}>
          <line y1={MARGIN.top} y2={height - MARGIN.bottom} />
          <circle cy={fine(y(at))} r={4} />
        </g>
      )}
      {marks && (
        // Dots of no length whose ends are round: a report may have a thousand of them.
        <path
          className="knee dots"
          d={marks.map((left) => `M${fine(x(left))},${fine(y(errorAt(points, left) ?? 0))}h0`).join('')}
        />
      )}
    </>
  );
}

const Lines = memo(function Lines({ points, range, width, height }: Omit<DrawnProps, 'knee' | 'marks'>): ReactNode {
  const { x, y } = scalesOf(points, range, width, height);
  return (
    <>
      <Beside scale={y} at={MARGIN.left} ticks={3} />
      <Below scale={x} at={height - MARGIN.bottom} />
      <path className="line" d={pathOf(thin(points.map(({ filters, error }) => [x(filters), y(error)] as const)))} />
    </>
  );
});

function scalesOf(
  points: readonly CurvePoint[],
  range: readonly [number, number] | undefined,
  width: number,
  height: number,
) {
  const errors = points.map(({ error }) => error);
  const [low, high] = range ?? [Math.min(...errors), Math.max(...errors)];
  return {
    x: scaleLinear<number>({
      domain: [0, Math.max(1, points.at(-1)?.filters ?? 1)],
      range: [MARGIN.left, width - MARGIN.right],
    }),
    y: scaleLinear<number>({
      domain: [low, high],
      range: [height - MARGIN.bottom, MARGIN.top],
      nice: true,
      clamp: true,
    }),
  };
}

/** The error of so many filters: between two points on the line between them. */
export function errorAt(points: readonly CurvePoint[], filters: number): number | undefined {
  const after = points.findIndex((point) => point.filters >= filters);
  if (after === -1) return points.at(-1)?.error;
  const right = points[after]!;
  const left = points[after - 1];
  if (left === undefined || right.filters === filters) return right.error;
  const share = (filters - left.filters) / (right.filters - left.filters);
  return left.error + share * (right.error - left.error);
}
