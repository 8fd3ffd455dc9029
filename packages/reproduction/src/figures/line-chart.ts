import { linearScale, logScale, type Scale, tickTexts } from './scale.ts';
import { COLOURS, type Drawing, element, FAINT, figure, INK, line, text } from './svg.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Default: the next of the palette. */
  readonly colour?: string;
  readonly dashed?: boolean;
  /** Each point is marked; default true for up to twelve points. */
  readonly marked?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  readonly logX?: boolean;
  /** Names at whole numbers from 0 on, in place of ticks. */
  readonly names?: readonly string[];
  readonly percent?: boolean;
}

const WIDTH = 760;
const HEIGHT = 400;
const PLOT = { left: 70, right: 560, top: 44, bottom: 340 };

/** Lines over one axis, each named beside the plot. */
export function lineChart(chart: LineChart): Drawing {
  const points = chart.series.flatMap((series) => series.points);
  const x = xScale(chart, points);
  const y = linearScale(
    points.map((point) => point.y),
    PLOT.bottom,
    PLOT.top,
  );
  return figure(WIDTH, Math.max(HEIGHT, PLOT.top + 18 * chart.series.length + 20), chart.title, [
    ...grid(chart, x, y),
    ...chart.series.map((series, i) => drawn(series, series.colour ?? COLOURS[i % COLOURS.length]!, x, y)),
    ...chart.series.map((series, i) => named(series, series.colour ?? COLOURS[i % COLOURS.length]!, i)),
  ]);
}

function xScale({ logX = false, names }: LineChart, points: readonly { readonly x: number }[]): Scale {
  const values = points.map((point) => point.x);
  if (names) {
    const step = (PLOT.right - PLOT.left) / Math.max(1, names.length);
    return { at: (value) => PLOT.left + (value + 0.5) * step, ticks: names.map((_, i) => i) };
  }
  return logX ? logScale(values, PLOT.left + 8, PLOT.right - 8) : linearScale(values, PLOT.left, PLOT.right);
}

function grid({ x: xName, y: yName, names, percent = false }: LineChart, x: Scale, y: Scale): string[] {
  const { left, right, top, bottom } = PLOT;
  const yTexts = percent ? tickTexts(y.ticks.map((tick) => 100 * tick)).map((said) => `${said} %`) : tickTexts(y.ticks);
  const xTexts = names ?? tickTexts(x.ticks);
  // Names that would run into each other are turned.
  const long = names !== undefined && Math.max(...names.map((name) => name.length)) * 7 > (right - left) / names.length;
  return [
    ...y.ticks.flatMap((tick, i) => [
      line(left, y.at(tick), right, y.at(tick), FAINT),
      text(left - 8, y.at(tick) + 4, yTexts[i]!, { anchor: 'end', size: 11 }),
    ]),
    ...x.ticks.map((tick, i) => {
      const said = xTexts[i]!;
      return long
        ? text(x.at(tick), bottom + 14, said, { anchor: 'end', size: 10, turn: -30 })
        : text(x.at(tick), bottom + 17, said, { anchor: 'middle', size: 11 });
    }),
    line(left, bottom, right, bottom),
    text((left + right) / 2, bottom + 46, xName, { anchor: 'middle' }),
    text(18, (top + bottom) / 2, yName, { anchor: 'middle', turn: -90 }),
  ];
}

function drawn(
  { points, dashed = false, marked = points.length <= 12 }: Series,
  colour: string,
  x: Scale,
  y: Scale,
): string {
  const path = points.map((point) => `${x.at(point.x).toFixed(1)},${y.at(point.y).toFixed(1)}`).join(' ');
  const dash = dashed ? { 'stroke-dasharray': '6 4' } : {};
  const stroke = { fill: 'none', stroke: colour, 'stroke-width': 2, ...dash };
  const marks = marked
    ? points.map((point) => element('circle', { cx: x.at(point.x), cy: y.at(point.y), r: 3.5, fill: colour }))
    : [];
  return element('polyline', { points: path, ...stroke }) + marks.join('');
}

function named({ name, dashed = false }: Series, colour: string, i: number): string {
  const y = PLOT.top + 8 + 18 * i;
  const dash = dashed ? { 'stroke-dasharray': '6 4' } : {};
  const sample = { x1: PLOT.right + 14, x2: PLOT.right + 38, y1: y, y2: y, stroke: colour, 'stroke-width': 3, ...dash };
  return element('line', sample) + text(PLOT.right + 44, y + 4, name, { size: 11, fill: INK });
}
