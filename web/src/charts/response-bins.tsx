import { scaleLinear } from '@visx/scale';
import type { ReactNode } from 'react';
import { tick } from '../format.ts';
import { rangeOf } from './range.ts';
import { Beside, short, Svg } from './svg.tsx';

export interface ResponseBin {
  readonly name: string;
  readonly images: number;
  readonly mean: number | null;
  readonly standardError: number | null;
}

interface Props {
  readonly title: string;
  readonly bins: readonly ResponseBin[];
  /** Whether bins follow each other, as values do: their means are joined then. */
  readonly ordered: boolean;
}

const HEIGHT = 240;
const MARGIN = { top: 18, right: 12, bottom: 84, left: 52 };
/** Of a bin at least, so that its name can be read. */
const LEAST = 22;

/** A filter's mean response to images of each bin of labels, with its standard error: Fig. 2 of the paper. */
export function ResponseBins({ title, bins, ordered }: Props): ReactNode {
  const known = bins.filter((bin) => bin.mean !== null);
  const y = scaleLinear<number>({
    domain: rangeOf(
      known.flatMap(({ mean, standardError }) => [mean! - (standardError ?? 0), mean! + (standardError ?? 0)]),
    ),
    range: [HEIGHT - MARGIN.bottom, MARGIN.top],
  });
  const width = Math.max(360, MARGIN.left + MARGIN.right + LEAST * bins.length);
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, bins.length);
  const x = (bin: number): number => MARGIN.left + (bin + 0.5) * step;
  const line = bins.flatMap(({ mean }, at) => (mean === null ? [] : [`${x(at).toFixed(1)} ${y(mean).toFixed(1)}`]));
  return (
    <Svg title={title} width={width} height={HEIGHT}>
      <Beside scale={y} at={MARGIN.left} label="mean response" />
      {ordered && line.length > 1 && <path className="line" d={`M${line.join('L')}`} />}
      {bins.map(({ name, images, mean, standardError }, at) => (
        <g key={at}>
          <title>
            {mean === null
              ? `${name}: no image`
              : `${name}: ${tick(mean)}${standardError === null ? '' : ` ± ${tick(standardError)}`}, ${images} images`}
          </title>
          {mean !== null && standardError !== null && (
            <path className="interval" d={`M${x(at)} ${y(mean - standardError)}V${y(mean + standardError)}`} />
          )}
          {mean !== null && <circle className="dot" cx={x(at)} cy={y(mean)} r={4} />}
          <text
            className="tick"
            transform={`translate(${x(at) + 3} ${HEIGHT - MARGIN.bottom + 10}) rotate(-45)`}
            textAnchor="end"
          >
            {short(name, 16)}
          </text>
        </g>
      ))}
    </Svg>
  );
}
