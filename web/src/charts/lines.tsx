import { scaleLinear } from '@visx/scale';
import { LinePath } from '@visx/shape';
import type { ReactNode } from 'react';
import { rangeOf } from './range.ts';
import { Below, Beside, Svg, WIDTH } from './svg.tsx';

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A point of it that was chosen. */
  readonly chosen?: readonly [x: number, y: number] | undefined;
}

interface Props {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly axis: readonly [below: string, beside: string];
}

const HEIGHT = 190;
const MARGIN = { top: 18, right: 12, bottom: 34, left: 50 };
const LEGEND = 16;

/** A few lines of one measure, such as losses by epoch; what was chosen is marked. */
export function Lines({ title, lines, format, axis }: Props): ReactNode {
  const all = lines.flatMap(({ points }) => points);
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scaleLinear<number>({
    domain: [Math.min(0, ...all.map(([at]) => at)), Math.max(1, ...all.map(([at]) => at))],
    range: [MARGIN.left, WIDTH - MARGIN.right],
  });
  const y = scaleLinear<number>({ domain: rangeOf(all.map(([, value]) => value)), range: [bottom, MARGIN.top] });
  return (
    <Svg title={title} height={HEIGHT + lines.length * LEGEND}>
      {lines.map(({ name, points, chosen }, at) => (
        <g key={name} className={`series-${at}`}>
          <LinePath data={[...points]} x={([left]) => x(left)} y={([, value]) => y(value)} className="line" />
          {chosen && <circle className="dot" cx={x(chosen[0])} cy={y(chosen[1])} r={4} />}
          <path className="line" d={`M${MARGIN.left} ${HEIGHT + at * LEGEND + 2}h18`} />
          <text className="tick" x={MARGIN.left + 24} y={HEIGHT + at * LEGEND + 6}>
            {name}
          </text>
        </g>
      ))}
      <Beside scale={y} at={MARGIN.left} format={format} label={axis[1]} />
      <Below scale={x} at={bottom} ticks={Math.min(6, x.domain()[1] ?? 1)} label={axis[0]} end={WIDTH - 4} />
    </Svg>
  );
}
