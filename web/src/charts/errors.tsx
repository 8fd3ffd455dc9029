import { scaleLinear } from '@visx/scale';
import { LinePath } from '@visx/shape';
import type { ReactNode } from 'react';
import { rangeOf } from './range.ts';
import { Below, Beside, Svg, WIDTH } from './svg.tsx';

interface Figures {
  readonly mean: number;
  readonly spread: number;
}

export interface ErrorBin {
  readonly from: number;
  readonly to: number;
  readonly before: Figures;
  readonly after: Figures;
}

const HEIGHT = 190;
const MARGIN = { top: 18, right: 12, bottom: 34, left: 44 };

/** Mean error along the truth with one standard deviation on both sides, before and after. */
export function Errors({
  title,
  bins,
  unit,
}: {
  readonly title: string;
  readonly bins: readonly ErrorBin[];
  readonly unit: string;
}): ReactNode {
  const middle = ({ from, to }: ErrorBin): number => (from + to) / 2;
  const ends = bins.flatMap(({ before, after }) =>
    [before, after].flatMap(({ mean, spread }) => [mean - spread, mean + spread]),
  );
  const x = scaleLinear<number>({
    domain: rangeOf(
      bins.flatMap(({ from, to }) => [from, to]),
      0.02,
    ),
    range: [MARGIN.left, WIDTH - MARGIN.right],
  });
  const y = scaleLinear<number>({ domain: rangeOf([...ends, 0]), range: [HEIGHT - MARGIN.bottom, MARGIN.top] });
  return (
    <Svg title={title} height={HEIGHT}>
      <line className="zero" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={y(0)} y2={y(0)} />
      {(['before', 'after'] as const).map((which, at) => (
        <g key={which} className={which} transform={`translate(${at * 4 - 2} 0)`}>
          {bins.map((bin) => (
            <path
              key={bin.from}
              className="spread"
              d={`M${x(middle(bin))} ${y(bin[which].mean - bin[which].spread)}V${y(bin[which].mean + bin[which].spread)}`}
            />
          ))}
          <LinePath
            data={[...bins]}
            x={(bin) => x(middle(bin))}
            y={(bin) => y(bin[which].mean)}
            className={`line ${which}`}
          />
          {bins.map((bin) => (
            <circle
              key={bin.from}
              className={which === 'before' ? 'open' : 'dot'}
              cx={x(middle(bin))}
              cy={y(bin[which].mean)}
              r={3}
            />
          ))}
        </g>
      ))}
      <Beside scale={y} at={MARGIN.left} label={`error${unit}: ○ before ● after, ± one standard deviation`} />
      <Below scale={x} at={HEIGHT - MARGIN.bottom} label={`truth${unit}`} end={WIDTH - 4} />
    </Svg>
  );
}
