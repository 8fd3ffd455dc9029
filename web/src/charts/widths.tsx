import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { fine, short, Svg, WIDTH } from './svg.tsx';

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
  const bar = (filters: number, at: number): string => {
    const width = fine(Math.max(1, x(filters)));
    return `M${LEFT},${at * row + 3}h${width}v${row - 5}h${-width}z`;
  };
  // Bars of a kind are one path: a report has a thousand of them.
  const bars = {
    after: layers.flatMap(({ part, frozen }, at) => (frozen ? [] : [bar(part, at)])),
    frozen: layers.flatMap(({ part, frozen }, at) => (frozen ? [bar(part, at)] : [])),
    whole: layers.map(({ whole }, at) => bar(whole, at)),
  };
  return (
    <Svg title={title} height={layers.length * row + 6}>
      {(['after', 'frozen', 'whole'] as const).map((className) => (
        <path key={className} className={className} d={bars[className].join('')} />
      ))}
      <g className="label small" textAnchor="end">
        {layers.map(({ name }, at) => (
          <text key={name} x={LEFT - 8} y={at * row + row / 2 + 6}>
            {short(name, LONGEST)}
          </text>
        ))}
      </g>
      <g className="label small">
        {layers.map(({ name, whole, part, frozen }, at) => (
          <text key={name} x={fine(LEFT + x(whole) + 6)} y={at * row + row / 2 + 6}>
            {frozen ? `${whole}, frozen` : `${part} of ${whole}`}
          </text>
        ))}
      </g>
    </Svg>
  );
}
