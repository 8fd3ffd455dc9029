import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { rangeOf } from './range.ts';
import { Below, short, Svg, WIDTH } from './svg.tsx';

export interface IntervalRow {
  readonly name: string;
  readonly value: number;
  /** In 95 of 100 draws; none is drawn where nothing is known. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** A second mark of the same row, open. */
  readonly mark?: number;
  /** Whether it is what the figure is about. */
  readonly strong?: boolean;
}

interface Props {
  readonly title: string;
  readonly rows: readonly IntervalRow[];
  readonly format: (value: number) => string;
  readonly tick: (value: number) => string;
  readonly axis: string;
  /** A line across all rows, with what it says. */
  readonly line?: { readonly at: number; readonly text: string };
  /** Where the axis has to begin. */
  readonly from?: number;
}

const ROW = 22;
const LEFT = 154;
const RIGHT = 52;
const LONGEST = 23;

/** A figure a row, each with its interval: what overlaps can be seen. */
export function Intervals({ title, rows, format, tick, axis, line, from }: Props): ReactNode {
  const all = rows.flatMap(({ value, interval, mark }) => [
    value,
    ...(interval ? [interval.low, interval.high] : []),
    ...(mark === undefined ? [] : [mark]),
  ]);
  const [low, high] = rangeOf([...all, ...(line ? [line.at] : [])]);
  const x = scaleLinear<number>({ domain: [from ?? low, high], range: [LEFT, WIDTH - RIGHT] });
  const bottom = rows.length * ROW + (line ? 16 : 4);
  return (
    <Svg title={title} height={bottom + 32}>
      {line && (
        <g className="bound">
          <line x1={x(line.at)} x2={x(line.at)} y1={12} y2={bottom} />
          <text className="tick" x={x(line.at)} y={10} textAnchor="middle">
            {line.text}
          </text>
        </g>
      )}
      {rows.map(({ name, value, interval, mark, strong = false }, row) => (
        <g
          key={name}
          transform={`translate(0 ${row * ROW + ROW / 2 + (line ? 14 : 2)})`}
          className={strong ? 'strong' : undefined}
        >
          <text className="label" x={LEFT - 12} y={4} textAnchor="end">
            {short(name, LONGEST)}
          </text>
          {interval && (
            <path
              className="interval"
              d={`M${x(interval.low)} -4V4M${x(interval.low)} 0H${x(interval.high)}M${x(interval.high)} -4V4`}
            />
          )}
          {mark !== undefined && <circle className="open" cx={x(mark)} r={3} />}
          <circle className={strong ? 'dot' : 'point'} cx={x(value)} r={4} />
          <text className="label" x={WIDTH - RIGHT + 6} y={4}>
            {format(value)}
          </text>
        </g>
      ))}
      <Below scale={x} at={bottom} format={tick} ticks={3} label={axis} end={WIDTH - 4} />
    </Svg>
  );
}
