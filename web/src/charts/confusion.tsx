import type { ReactNode } from 'react';
import { short, Svg, WIDTH } from './svg.tsx';

interface Props {
  readonly title: string;
  readonly names: readonly string[];
  /** Images by true class (outer) and answered class (inner). */
  readonly counts: readonly (readonly number[])[];
}

const LEFT = 84;
const TOP = 74;
/** What the name of the last column takes beyond it. */
const SLANT = 34;
const LONGEST = 12;
/** More have no room for a number in each cell, or for a name at each row. */
const MOST_NUMBERS = 14;
const MOST_NAMES = 30;
const SMALLEST = 5;

/** Which class was taken for which: rows are the truth and are shaded by the share of their images. */
export function Confusion({ title, names, counts }: Props): ReactNode {
  const classes = names.length;
  const named = classes <= MOST_NAMES;
  const [left, top] = named ? [LEFT, TOP] : [20, 20];
  const cell = Math.max(SMALLEST, Math.min(36, Math.floor((WIDTH - left - SLANT) / classes)));
  const small = cell < 24 ? ' small' : '';
  return (
    <Svg title={title} height={top + classes * cell + 8}>
      <text className="tick" x={2} y={10}>
        {named ? 'is ↓ answered →' : 'rows: is, columns: answered'}
      </text>
      {named &&
        names.map((name, at) => (
          <g key={name}>
            <text className={`label${small}`} x={left - 6} y={top + (at + 0.5) * cell + 4} textAnchor="end">
              {short(name, LONGEST)}
            </text>
            <text
              className={`label${small}`}
              transform={`translate(${left + (at + 0.5) * cell + 3} ${top - 6}) rotate(-45)`}
            >
              {short(name, LONGEST)}
            </text>
          </g>
        ))}
      {counts.map((answers, truth) => {
        const all = answers.reduce((sum, count) => sum + count, 0);
        return answers.map((count, answer) => (
          <g
            key={`${names[truth]} ${names[answer]}`}
            transform={`translate(${left + answer * cell} ${top + truth * cell})`}
          >
            <rect
              className={truth === answer ? 'cell right' : 'cell wrong'}
              width={cell - 1}
              height={cell - 1}
              fillOpacity={all === 0 ? 0 : (0.06 + (0.54 * count) / all) * (count === 0 ? 0.5 : 1)}
            >
              <title>{`${names[truth]} taken for ${names[answer]}: ${count} of ${all}`}</title>
            </rect>
            {classes <= MOST_NUMBERS && (
              <text className={`label${small}`} x={(cell - 1) / 2} y={cell / 2 + 4} textAnchor="middle">
                {count}
              </text>
            )}
          </g>
        ));
      })}
    </Svg>
  );
}
