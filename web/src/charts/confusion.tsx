import type { ReactNode } from 'react';
import { short, Svg, WIDTH } from './svg.tsx';

interface Props {
  readonly title: string;
  /** Which network answered, where two drawings stand side by side. */
  readonly of: string;
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
/** Of shares of a row, where cells are too many for a shape of their own each: a hundred classes have ten thousand. */
const SHADES = 12;
const SMALLEST = 5;

/** Which class was taken for which: rows are the truth and are shaded by the share of their images. */
export function Confusion({ title, of, names, counts }: Props): ReactNode {
  const classes = names.length;
  const named = classes <= MOST_NAMES;
  const [left, top] = named ? [LEFT, TOP] : [20, 36];
  const cell = Math.max(SMALLEST, Math.min(36, Math.floor((WIDTH - left - SLANT) / classes)));
  const small = cell < 24 ? ' small' : '';
  return (
    <Svg title={title} height={top + classes * cell + 8}>
      <text className="label strong" x={2} y={11}>
        {of}
      </text>
      <text className="tick" x={2} y={26}>
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
      {named ? <Cells {...{ names, counts, left, top, cell }} /> : <Shades {...{ counts, left, top, cell }} />}
    </Svg>
  );
}

interface CellsProps extends Pick<Props, 'counts'> {
  readonly left: number;
  readonly top: number;
  /** Its side. */
  readonly cell: number;
}

/** Opacity of a cell that a share of a row's images is in. */
function shade(share: number): number {
  return (0.06 + 0.54 * share) * (share === 0 ? 0.5 : 1);
}

/** Each says what it counts. */
function Cells({ names, counts, left, top, cell }: CellsProps & Pick<Props, 'names'>): ReactNode {
  return counts.map((answers, truth) => {
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
          fillOpacity={all === 0 ? 0 : shade(count / all)}
        >
          <title>{`${names[truth]} taken for ${names[answer]}: ${count} of ${all}`}</title>
        </rect>
        {names.length <= MOST_NUMBERS && (
          <text className={cell < 24 ? 'label small' : 'label'} x={(cell - 1) / 2} y={cell / 2 + 4} textAnchor="middle">
            {count}
          </text>
        )}
      </g>
    ));
  });
}

/** One shape for all cells of a shade; those that nothing is in are left out. */
function Shades({ counts, left, top, cell }: CellsProps): ReactNode {
  const paths = new Map<string, { readonly kind: string; readonly share: number; readonly squares: string[] }>();
  for (const [truth, answers] of counts.entries()) {
    const all = answers.reduce((sum, count) => sum + count, 0);
    for (const [answer, count] of answers.entries()) {
      if (count === 0) continue;
      const kind = truth === answer ? 'right' : 'wrong';
      const share = Math.ceil((SHADES * count) / all) / SHADES;
      const path = paths.get(`${kind} ${share}`) ?? { kind, share, squares: [] };
      paths.set(`${kind} ${share}`, path);
      const side = cell - 1;
      path.squares.push(`M${left + answer * cell} ${top + truth * cell}h${side}v${side}h-${side}z`);
    }
  }
  return [...paths].map(([name, { kind, share, squares }]) => (
    <path key={name} className={`cell ${kind}`} d={squares.join('')} fillOpacity={shade(share)} />
  ));
}
