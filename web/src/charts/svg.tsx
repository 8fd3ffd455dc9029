import { Axis, type AxisScale } from '@visx/axis';
import type { ReactNode } from 'react';
import { ticksOf } from '../format.ts';

/** Units of a figure's width: those of a phone's screen, so that what is written in it can be read there. */
export const WIDTH = 360;

interface SvgProps {
  /** What a screen reader says of it, and a tooltip. */
  readonly title: string;
  readonly width?: number;
  readonly height: number;
  readonly children: ReactNode;
}

/** A drawing that stands in a page and, with styles of its own, in a file. */
export function Svg({ title, width = WIDTH, height, children }: SvgProps): ReactNode {
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      className="figure"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={title}
    >
      <title>{title}</title>
      {children}
    </svg>
  );
}

interface AxisProps {
  readonly scale: AxisScale;
  readonly at: number;
  readonly ticks?: number;
  /** As few digits as tell the ticks apart when absent. */
  readonly format?: (value: number) => string;
  readonly label?: string;
  /** Where the label of a bottom axis ends. */
  readonly end?: number;
}

/** Between a tick and its text, and how far below a bottom axis text stands. */
const GAP = 3;
const UNDER = 15;

/** Ticks as plain text, which every program that draws SVG knows, and their marks as one path: a report has a thousand of them. */
function Ticks({ scale, at, ticks = 4, format, side }: AxisProps & { readonly side: 'left' | 'bottom' }): ReactNode {
  const isLeft = side === 'left';
  return (
    <Axis
      orientation={side}
      scale={scale}
      {...(isLeft ? { left: at } : { top: at })}
      numTicks={ticks}
      tickLength={GAP}
      tickFormat={(value, at, all) =>
        format ? format(Number(value)) : ticksOf(all.map((one) => Number(one.value)))[at]
      }
    >
      {({ ticks: marks, axisFromPoint: from, axisToPoint: to }) => (
        <>
          <path
            className="axis"
            d={[...(isLeft ? [] : [{ from, to }]), ...marks]
              .map((line) => `M${fine(line.from.x)},${fine(line.from.y)}L${fine(line.to.x)},${fine(line.to.y)}`)
              .join('')}
          />
          <g className="tick" textAnchor={isLeft ? 'end' : 'middle'}>
            {marks.map(({ to: end, formattedValue, index }) => (
              <text key={index} x={fine(isLeft ? end.x - GAP : end.x)} y={fine(isLeft ? end.y + 3.5 : UNDER)}>
                {formattedValue}
              </text>
            ))}
          </g>
        </>
      )}
    </Axis>
  );
}

/** A coordinate to a tenth of a unit, which is finer than anybody sees, and as text a fraction of what all its digits are. */
export function fine(coordinate: number): number {
  return Math.round(10 * coordinate) / 10;
}

/** A line through points, as SVG writes it. */
export function pathOf(points: readonly (readonly [x: number, y: number])[]): string {
  return points.length === 0 ? '' : `M${points.map(([x, y]) => `${fine(x)},${fine(y)}`).join('L')}`;
}

/** Below, with what is measured along it at its end. */
export function Below({ label, end, ...axis }: AxisProps): ReactNode {
  return (
    <>
      <Ticks {...axis} side="bottom" />
      {label !== undefined && (
        <text className="tick" x={end} y={axis.at + 27} textAnchor="end">
          {label}
        </text>
      )}
    </>
  );
}

/** At the left, with what is measured along it above. */
export function Beside({ label, ...axis }: AxisProps): ReactNode {
  return (
    <>
      <Ticks {...axis} side="left" />
      {label !== undefined && (
        <text className="tick" x={2} y={10}>
          {label}
        </text>
      )}
    </>
  );
}

/** As much of a long name as there is room for; of paths the end tells more. */
export function short(name: string, most: number): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}
