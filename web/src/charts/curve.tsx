import { AxisBottom, AxisLeft } from '@visx/axis';
import { scaleLinear } from '@visx/scale';
import { LinePath } from '@visx/shape';
import { memo, type ReactNode } from 'react';

export interface CurvePoint {
  readonly filters: number;
  /** Error in standard deviations of the target. */
  readonly error: number;
}

interface CurveProps {
  readonly title: string;
  readonly points: readonly CurvePoint[];
  /** How many filters stay; no mark when absent. */
  readonly knee?: number | undefined;
  /** Range of errors; that of the points when absent. Several charts are compared by one range. */
  readonly range?: readonly [number, number] | undefined;
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { top: 8, right: 8, bottom: 22, left: 38 };

/** One characteristic curve: error against filters, and the knee on it. Lines are drawn once; only the mark moves with a slider. */
export function Curve({ title, points, knee, range, width = 220, height = 130 }: CurveProps): ReactNode {
  const { x, y } = scalesOf(points, range, width, height);
  const at = knee === undefined ? undefined : errorAt(points, knee);
  return (
    <figure className="curve">
      <figcaption>
        {title}
        {knee !== undefined && (
          <span>
            {knee} of {points.at(-1)?.filters ?? 0}
          </span>
        )}
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${title}: error against filters`}>
        <Lines points={points} range={range} width={width} height={height} />
        {knee !== undefined && at !== undefined && (
          <g className="knee" transform={`translate(${x(knee)} 0)`}>
            <line y1={MARGIN.top} y2={height - MARGIN.bottom} />
            <circle cy={y(at)} r={4} />
          </g>
        )}
      </svg>
    </figure>
  );
}

const Lines = memo(function Lines({
  points,
  range,
  width,
  height,
}: Required<Pick<CurveProps, 'points' | 'width' | 'height'>> & { readonly range: CurveProps['range'] }): ReactNode {
  const { x, y } = scalesOf(points, range, width, height);
  return (
    <>
      <AxisLeft scale={y} left={MARGIN.left} numTicks={3} tickLength={3} hideAxisLine tickLabelProps={LABEL_LEFT} />
      <AxisBottom scale={x} top={height - MARGIN.bottom} numTicks={4} tickLength={3} tickLabelProps={LABEL_BOTTOM} />
      <LinePath data={[...points]} x={({ filters }) => x(filters)} y={({ error }) => y(error)} className="line" />
    </>
  );
});

const LABEL_LEFT = { className: 'tick', textAnchor: 'end', dx: -2, dy: 3 } as const;
const LABEL_BOTTOM = { className: 'tick', textAnchor: 'middle' } as const;

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
