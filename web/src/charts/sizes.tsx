import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { percent } from '../format.ts';
import { Svg, WIDTH } from './svg.tsx';

export interface SizeBar {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

const ROW = 26;
const LEFT = 84;
const RIGHT = 56;

/** What is left of each figure: the outline is the whole network, the bar the delivered one. */
export function Sizes({ title, bars }: { readonly title: string; readonly bars: readonly SizeBar[] }): ReactNode {
  const shares = bars.map(({ before, after }) => (before === 0 ? 1 : after / before));
  const x = scaleLinear<number>({ domain: [0, Math.max(1, ...shares)], range: [0, WIDTH - LEFT - RIGHT] });
  return (
    <Svg title={title} height={bars.length * ROW + 6}>
      {bars.map(({ name }, row) => (
        <g key={name} transform={`translate(${LEFT} ${row * ROW + 4})`}>
          <text className="label" x={-8} y={13} textAnchor="end">
            {name}
          </text>
          <rect className="after" width={Math.max(1, x(shares[row]!))} height={ROW - 8} />
          <rect className="whole" width={x(1)} height={ROW - 8} />
          <text className="label" x={x(Math.max(1, shares[row]!)) + 6} y={13}>
            {percent(shares[row]!)}
          </text>
        </g>
      ))}
    </Svg>
  );
}
