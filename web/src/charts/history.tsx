import { scaleLinear } from '@visx/scale';
import { LinePath } from '@visx/shape';
import type { ReactNode } from 'react';
import { Below, Beside, Svg } from './svg.tsx';

interface Props {
  readonly title: string;
  /** The figure after each epoch, epoch 0 being before training. */
  readonly values: readonly { readonly epoch: number; readonly value: number }[];
  readonly planned: number;
  readonly best: number | null;
  readonly format: (value: number) => string;
  /** What it does at this moment; empty once it is over. */
  readonly does?: string;
}

const WIDTH = 320;
const HEIGHT = 140;
const MARGIN = { top: 8, right: 10, bottom: 22, left: 52 };

/** A training as it goes: its metric on validation, epoch by epoch. */
export function History({ title, values, planned, best, format, does = '' }: Props): ReactNode {
  const all = values.map(({ value }) => value);
  const x = scaleLinear<number>({ domain: [0, Math.max(1, planned)], range: [MARGIN.left, WIDTH - MARGIN.right] });
  const y = scaleLinear<number>({
    domain: [Math.min(...all), Math.max(...all)],
    range: [HEIGHT - MARGIN.bottom, MARGIN.top],
    nice: true,
  });
  const chosen = values.find(({ epoch }) => epoch === best);
  return (
    <figure className="curve">
      <figcaption>
        {title}
        <span>
          {values.length > 0 && `epoch ${values.at(-1)?.epoch ?? 0} of ${planned}`}
          {chosen && `, best ${format(chosen.value)}`}
        </span>
      </figcaption>
      {does !== '' && <p className="quiet">{does}</p>}
      {values.length > 0 && (
        <Svg title={`${title}: metric by epoch`} width={WIDTH} height={HEIGHT}>
          <Beside scale={y} at={MARGIN.left} ticks={3} format={format} />
          <Below scale={x} at={HEIGHT - MARGIN.bottom} ticks={Math.min(6, planned)} />
          <LinePath data={[...values]} x={({ epoch }) => x(epoch)} y={({ value }) => y(value)} className="line" />
          {chosen && <circle className="dot" cx={x(chosen.epoch)} cy={y(chosen.value)} r={4} />}
        </Svg>
      )}
    </figure>
  );
}
