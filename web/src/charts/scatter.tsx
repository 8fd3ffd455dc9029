import { scaleLinear, scaleLog } from '@visx/scale';
import type { ReactNode } from 'react';
import { Below, Beside, short, Svg } from './svg.tsx';
import { rangeOf } from './range.ts';

export interface ScatterPoint {
  readonly name: string;
  readonly cost: number;
  readonly value: number;
  /** Nothing else is both cheaper and better. */
  readonly front: boolean;
  /** The network before it was cut. */
  readonly whole: boolean;
}

interface Props {
  readonly title: string;
  readonly points: readonly ScatterPoint[];
  readonly axis: readonly [below: string, beside: string];
  readonly formatCost: (cost: number) => string;
  readonly formatValue: (value: number) => string;
}

const WIDTH = 560;
const HEIGHT = 320;
const MARGIN = { top: 20, right: 20, bottom: 38, left: 60 };
/** Costs further apart than this are drawn by ratio. */
const FAR = 20;

/** What networks give against what they cost, and the front of those that nothing else beats on both. */
export function Scatter({ title, points, axis, formatCost, formatValue }: Props): ReactNode {
  const costs = points.map(({ cost }) => cost);
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  const across = [MARGIN.left, WIDTH - MARGIN.right];
  const x =
    least > 0 && most / least > FAR
      ? scaleLog<number>({ domain: [least / 1.2, most * 1.2], range: across })
      : scaleLinear<number>({ domain: rangeOf(costs, 0.08), range: across });
  const y = scaleLinear<number>({
    domain: rangeOf(
      points.map(({ value }) => value),
      0.1,
    ),
    range: [HEIGHT - MARGIN.bottom, MARGIN.top],
  });
  const front = points.filter((point) => point.front).sort((a, b) => a.cost - b.cost);
  return (
    <Svg title={title} width={WIDTH} height={HEIGHT}>
      <Beside scale={y} at={MARGIN.left} format={formatValue} label={axis[1]} />
      <Below scale={x} at={HEIGHT - MARGIN.bottom} ticks={4} format={formatCost} label={axis[0]} end={WIDTH - 4} />
      {front.length > 1 && (
        <path className="line" d={`M${front.map(({ cost, value }) => `${x(cost)} ${y(value)}`).join('L')}`} />
      )}
      {points.map(({ name, cost, value, front: isFront, whole }) => (
        <g key={name} transform={`translate(${x(cost).toFixed(1)} ${y(value).toFixed(1)})`}>
          <title>{`${name}: ${formatValue(value)} at ${formatCost(cost)}`}</title>
          <circle className={whole ? 'open' : isFront ? 'dot' : 'point'} r={5} />
          <text
            className="small"
            x={x(cost) > WIDTH / 2 ? -8 : 8}
            y={-7}
            textAnchor={x(cost) > WIDTH / 2 ? 'end' : 'start'}
          >
            {short(name, 28)}
          </text>
        </g>
      ))}
    </Svg>
  );
}
