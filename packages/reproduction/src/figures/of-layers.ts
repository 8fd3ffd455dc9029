import { isShare } from '../reading.ts';
import type { CurveResult, DistributionResult, LayerResult, ResponseResult } from '../results.ts';
import { heatMap } from './heat-map.ts';
import { lineChart } from './line-chart.ts';
import { type Drawing, element, FAINT, figure, QUIET, text } from './svg.ts';

/** Filters whose responses are drawn: those that tell the bins apart best. */
const FILTERS_SHOWN = 8;

/** Fig. 1: which filters of the last layer each task's knee keeps. */
export function distributionFigure({ network, layer, filters, tasks, epsilon }: DistributionResult): Drawing {
  const left = 30 + Math.max(...tasks.map(({ task }) => task.length)) * 7;
  const wide = Math.max(4, Math.min(12, Math.floor(720 / Math.max(1, filters))));
  const [top, high] = [66, 22];
  const title = `Filters of ${layer} in ${network} that each task keeps at ε = ${epsilon}`;
  const parts = tasks.flatMap(({ task, kept }, row) => {
    const y = top + row * high;
    const chosen = new Set(kept);
    return [
      text(left - 8, y + 15, task, { anchor: 'end' }),
      ...Array.from({ length: filters }, (_, filter) =>
        element('rect', {
          ...{ x: left + filter * wide, y: y + 2, width: wide - 1, height: high - 4 },
          fill: chosen.has(filter) ? '#0072b2' : FAINT,
        }),
      ),
      text(left + filters * wide + 8, y + 15, `${kept.length} of ${filters}`, { size: 11 }),
    ];
  });
  const note = text(left, 48, 'one column a filter; blue is kept', { size: 11, fill: QUIET });
  return figure(Math.max(left + filters * wide + 90, 9 * title.length), top + tasks.length * high + 16, title, [
    note,
    ...parts,
  ]);
}

/** Fig. 2: mean responses by bin of the label, each filter between its least and its largest. */
export function responsesFigure({ layer, network, task, bins, explained }: ResponseResult): Drawing {
  const order = explained.map((_, filter) => filter).sort((a, b) => explained[b]! - explained[a]!);
  const rows = order.slice(0, FILTERS_SHOWN);
  const scaled = rows.map((filter) => {
    const means = bins.map(({ mean }) => mean[filter]!);
    const [low, high] = [Math.min(...means), Math.max(...means)];
    return means.map((value) => (high > low ? (value - low) / (high - low) : 0));
  });
  return heatMap({
    title: `Mean response of filters of ${layer} in ${network} by ${task}`,
    rows: rows.map((filter) => `filter ${filter}, η² ${explained[filter]!.toFixed(2)}`),
    columns: bins.map(({ name }) => name.replace(' to ', ' … ')),
    ...{
      rowsName: '',
      columnsName: `${task}, groups of as many images; the stronger the blue, the more the filter answers`,
    },
    fields: scaled.map((row, r) =>
      row.map((shade, c) => ({ said: [bins[c]!.mean[rows[r]!]!.toPrecision(2)], shade: shade * 0.9 })),
    ),
    field: [98, 26],
  });
}

/** Figs. 7 and 8: error on validation against the number of filters left, a line for each layer, darker the deeper it lies. */
export function curveFigure({ network, task, layers }: CurveResult): Drawing {
  return lineChart({
    title: `Characteristic curves of ${network} for ${task}`,
    ...{ x: 'filters left', y: 'RMSE on validation' },
    series: layers.map(({ layer, points, knee }, i) => ({
      name: `${layer} (knee ${knee.filters})`,
      points: points.map(({ filters, rmse }) => ({ x: filters, y: rmse })),
      colour: depthColour(layers.length < 2 ? 1 : i / (layers.length - 1)),
      marked: false,
    })),
  });
}

/** Fig. 11: each task from each of the last layers. */
export function layersFigure(byLayer: readonly LayerResult[]): Drawing {
  const shares = byLayer.filter(({ metric }) => isShare(metric));
  const layers = [...new Set(byLayer.map(({ layer }) => layer))];
  const tasks = [...new Set(shares.map(({ task }) => task))];
  return lineChart({
    title: `Accuracy of each task from the last layers of ${byLayer[0]?.network ?? 'no network'}`,
    ...{ x: 'layer, the last on the right', y: 'accuracy on test', names: layers, percent: true },
    series: tasks.map((task) => ({
      name: task,
      points: shares
        .filter((entry) => entry.task === task)
        .map(({ layer, value }) => ({ x: layers.indexOf(layer), y: value })),
    })),
  });
}

/** Light blue for the first layer, dark red for the last, by way of purple. */
function depthColour(share: number): string {
  return `hsl(${Math.round(200 + 150 * share)},70%,${Math.round(68 - 30 * share)}%)`;
}
