import { type Drawing, element, FAINT, FIELD, figure, INK, ON_FIELD, QUIET, text } from './svg.ts';

export interface HeatMap {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What stands in a field, and how dark it is: 0 to 1. */
  readonly fields: readonly (readonly { readonly said: readonly string[]; readonly shade: number }[])[];
  readonly rowsName: string;
  readonly columnsName: string;
  /** Width and height of a field. */
  readonly field?: readonly [number, number];
}

/** Where fields begin: below names of columns that lie flat, or that are turned. */
const FLAT = 92;
const TURNED = 130;

/** A table whose fields are darker the more there is. */
export function heatMap({ title, rows, columns, fields, rowsName, columnsName, field = [84, 40] }: HeatMap): Drawing {
  const [wide, high] = field;
  const left = 28 + Math.max(...rows.map((row) => row.length)) * 7;
  // Names that are wider than a field are turned.
  const turned = Math.max(...columns.map((column) => column.length)) * 7 > wide;
  const top = turned ? TURNED : FLAT;
  const parts = [
    text(left, 46, columnsName, { size: 11, fill: QUIET }),
    text(12, top - 8, rowsName, { size: 11, fill: QUIET }),
    ...columns.map((column, c) => {
      const x = left + (c + 0.5) * wide;
      return turned
        ? text(x - 4, top - 6, column, { size: 10, turn: -40 })
        : text(x, top - 8, column, { anchor: 'middle', size: 12 });
    }),
    ...rows.flatMap((row, r) => [
      text(left - 8, top + (r + 0.5) * high + 4, row, { anchor: 'end', size: 12 }),
      ...fields[r]!.map(({ said, shade }, c) => {
        const [x, y] = [left + c * wide, top + r * high];
        const box = {
          x,
          y,
          width: wide - 1,
          height: high - 1,
          fill: FIELD,
          'fill-opacity': shareOf(shade),
          stroke: FAINT,
        };
        const fill = shade > 0.55 ? ON_FIELD : INK;
        const lines = said.map((words, i) => {
          const down = (i - (said.length - 1) / 2) * 13 + 4;
          return text(x + wide / 2, y + high / 2 + down, words, { anchor: 'middle', size: i === 0 ? 12 : 10, fill });
        });
        return element('rect', box) + lines.join('');
      }),
    ]),
  ];
  const width = Math.max(left + columns.length * wide + 20, 9 * title.length);
  return figure(width, top + rows.length * high + 16, title, parts);
}

function shareOf(shade: number): number {
  return Math.min(1, Math.max(0, shade));
}
