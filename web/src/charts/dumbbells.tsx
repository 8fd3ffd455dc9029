import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { rangeOf } from './range.ts';
import { Below, short, Svg, WIDTH } from './svg.tsx';

export interface Dumbbell {
  readonly name: string;
  /** Null where there is nothing to tell. */
  readonly before: number | null;
  readonly after: number | null;
}

interface Props {
  readonly title: string;
  readonly rows: readonly Dumbbell[];
  readonly format: (value: number) => string;
  readonly axis: string;
  /** What the open and the full mark are. */
  readonly names: readonly [before: string, after: string];
}

const ROW = 20;
const LEFT = 120;
const RIGHT = 18;
const TOP = 18;
const LONGEST = 19;

/** From what was to what is, a row each. */
export function Dumbbells({ title, rows, format, axis, names }: Props): ReactNode {
  const values = rows.flatMap(({ before, after }) => [before, after]).filter((value) => value !== null);
  const x = scaleLinear<number>({ domain: rangeOf(values), range: [LEFT, WIDTH - RIGHT] });
  // Behind the first name, at the width of letters.
  const second = LEFT + 24 + 6.5 * names[0].length;
  const bottom = TOP + rows.length * ROW + 4;
  return (
    <Svg title={title} height={bottom + 32}>
      <g transform="translate(0 8)">
        <circle className="open" cx={LEFT} r={4} />
        <text className="tick" x={LEFT + 8} y={3.5}>
          {names[0]}
        </text>
        <circle className="dot" cx={second} r={4} />
        <text className="tick" x={second + 8} y={3.5}>
          {names[1]}
        </text>
      </g>
      {rows.map(({ name, before, after }, row) => (
        <g key={name} transform={`translate(0 ${TOP + row * ROW + ROW / 2})`}>
          <text className="label" x={LEFT - 12} y={4} textAnchor="end">
            {short(name, LONGEST)}
          </text>
          {before !== null && after !== null && <line className="interval" x1={x(before)} x2={x(after)} />}
          {before !== null && <circle className="open" cx={x(before)} r={4} />}
          {after !== null && <circle className="dot" cx={x(after)} r={4} />}
        </g>
      ))}
      <Below scale={x} at={bottom} format={format} label={axis} end={WIDTH - 4} />
    </Svg>
  );
}
