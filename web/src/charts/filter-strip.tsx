import { type MouseEvent, type ReactNode, useMemo } from 'react';
import { short, Svg } from './svg.tsx';

export interface StripRow {
  readonly name: string;
  /** Indices of filters. */
  readonly kept: readonly number[];
}

interface Props {
  readonly title: string;
  readonly filters: number;
  readonly rows: readonly StripRow[];
  /** The one that is looked at. */
  readonly chosen?: number | undefined;
  readonly onChoose?: (filter: number) => void;
}

const WIDTH = 900;
const LEFT = 110;
const ROW = 18;
const TOP = 4;
const BOTTOM = 22;

/** Filters × tasks: who uses what, those that most tasks use first. One path for each task: a layer may have thousands of filters. */
export function FilterStrip({ title, filters, rows, chosen, onChoose }: Props): ReactNode {
  const order = useMemo(() => byUse(filters, rows), [filters, rows]);
  const place = useMemo(() => new Map(order.map((filter, at) => [filter, at])), [order]);
  const width = (WIDTH - LEFT) / Math.max(1, filters);
  const height = TOP + rows.length * ROW + BOTTOM;
  const used = new Set(rows.flatMap(({ kept }) => kept)).size;
  const choose = (event: MouseEvent<SVGRectElement>): void => {
    const { left, width: across } = event.currentTarget.getBoundingClientRect();
    const at = Math.floor(((event.clientX - left) / across) * filters);
    const filter = order[Math.min(filters - 1, Math.max(0, at))];
    if (filter !== undefined) onChoose?.(filter);
  };
  return (
    <figure className="curve strip" tabIndex={0} aria-label={title}>
      <Svg title={title} width={WIDTH} height={height}>
        {rows.map(({ name, kept }, row) => (
          <g key={name} transform={`translate(0 ${TOP + row * ROW})`}>
            <text className="label" x={0} y={ROW - 6}>
              {short(name, 16)}
            </text>
            <rect className="track" x={LEFT} y={1} width={WIDTH - LEFT} height={ROW - 2} />
            <path
              className="used"
              d={kept
                .map(
                  (filter) =>
                    `M${(LEFT + place.get(filter)! * width).toFixed(2)} 1h${width.toFixed(2)}v${ROW - 2}h${(-width).toFixed(2)}z`,
                )
                .join('')}
            />
          </g>
        ))}
        {chosen !== undefined && place.has(chosen) && (
          <path className="chosen" d={`M${LEFT + (place.get(chosen)! + 0.5) * width} 0v${height - BOTTOM + 2}`} />
        )}
        <text className="tick" x={LEFT} y={height - 6}>
          {`${used} of ${filters} filters are used, those of most tasks at the left`}
        </text>
        {onChoose && (
          <rect className="touch" x={LEFT} y={0} width={WIDTH - LEFT} height={height - BOTTOM} onClick={choose} />
        )}
      </Svg>
    </figure>
  );
}

/** Filters that many tasks use first; of as many, those that the earlier tasks use. */
function byUse(filters: number, rows: readonly StripRow[]): readonly number[] {
  const weight = new Float64Array(filters);
  rows.forEach(({ kept }, row) => {
    for (const filter of kept) weight[filter]! += 1 + 2 ** -(row + 1) / rows.length;
  });
  return [...weight.keys()].sort((a, b) => weight[b]! - weight[a]! || a - b);
}
