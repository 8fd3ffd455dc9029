import { linearScale, short } from './scale.ts';
import { COLOURS, type Drawing, element, FAINT, figure, line, text } from './svg.ts';

export interface Bars {
  readonly title: string;
  readonly y: string;
  readonly groups: readonly string[];
  /** A value for each group. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
  readonly percent?: boolean;
}

const PLOT = { left: 70, top: 64, bottom: 300 };

/** Bars side by side in groups, each with its figure above it. */
export function bars({ title, y: yName, groups, series, percent = false }: Bars): Drawing {
  const wide = 34 * series.length + 22;
  // Names that would run into each other are turned.
  const longest = 7 * Math.max(...groups.map((group) => group.length));
  const turned = longest > wide;
  const right = PLOT.left + groups.length * wide;
  const y = linearScale([0, ...series.flatMap(({ values }) => values)], PLOT.bottom, PLOT.top);
  const said = (value: number): string => (percent ? `${(100 * value).toFixed(0)} %` : short(value));
  const width = (wide - 16) / series.length;
  const columns = groups.flatMap((group, g) => [
    ...series.map(({ values }, s) => {
      const [x, top] = [PLOT.left + g * wide + 8 + s * width, y.at(values[g]!)];
      const zero = y.at(0);
      const box = { x, y: Math.min(top, zero), width: width - 2, height: Math.abs(zero - top), fill: COLOURS[s]! };
      return (
        element('rect', box) +
        text(x + width / 2 - 1, Math.min(top, zero) - 4, said(values[g]!), { anchor: 'middle', size: 10 })
      );
    }),
    turned
      ? text(PLOT.left + (g + 0.5) * wide + 6, PLOT.bottom + 14, group, { anchor: 'end', size: 11, turn: -30 })
      : text(PLOT.left + (g + 0.5) * wide, PLOT.bottom + 17, group, { anchor: 'middle', size: 11 }),
  ]);
  return figure(
    Math.max(right + 30, 13 * series.length * 12, 9 * title.length),
    PLOT.bottom + (turned ? 24 + longest / 2 : 40),
    title,
    [
      ...y.ticks.flatMap((tick) => [
        line(PLOT.left, y.at(tick), right, y.at(tick), FAINT),
        text(PLOT.left - 8, y.at(tick) + 4, said(tick), { anchor: 'end', size: 11 }),
      ]),
      ...columns,
      line(PLOT.left, y.at(0), right, y.at(0)),
      text(18, (PLOT.top + PLOT.bottom) / 2, yName, { anchor: 'middle', turn: -90 }),
      ...series.map(({ name }, s) => {
        const x = PLOT.left + s * 180;
        return (
          element('rect', { x, y: 34, width: 12, height: 12, fill: COLOURS[s]! }) + text(x + 17, 44, name, { size: 11 })
        );
      }),
    ],
  );
}
