import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { short, Svg, WIDTH } from './svg.tsx';

export interface Width {
  readonly name: string;
  readonly whole: number;
  readonly part: number;
  readonly frozen: boolean;
}

const LEFT = 128;
const RIGHT = 76;
const LONGEST = 20;

/** Filters of each layer: the outline is how many there were, the bar how many stay; hatched where none can go. */
export function Widths({ title, layers }: { readonly title: string; readonly layers: readonly Width[] }): ReactNode {
  const row = layers.length > 60 ? 14 : 18;
  const x = scaleLinear<number>({
    domain: [0, Math.max(1, ...layers.map(({ whole }) => whole))],
    range: [0, WIDTH - LEFT - RIGHT],
  });
  return (
    <Svg title={title} height={layers.length * row + 6}>
      {layers.map(({ name, whole, part, frozen }, at) => (
        <g key={name} transform={`translate(${LEFT} ${at * row + 3})`}>
          <text className="label small" x={-8} y={row / 2 + 3} textAnchor="end">
            {short(name, LONGEST)}
            <title>{name}</title>
          </text>
          <rect className={frozen ? 'frozen' : 'after'} width={Math.max(1, x(part))} height={row - 5} />
          <rect className="whole" width={Math.max(1, x(whole))} height={row - 5} />
          <text className="label small" x={x(whole) + 6} y={row / 2 + 3}>
            {frozen ? `${whole}, frozen` : `${part} of ${whole}`}
          </text>
        </g>
      ))}
    </Svg>
  );
}
