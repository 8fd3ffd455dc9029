import { isShare, shown } from '../reading.ts';
import type { CellResult, Reproduction, TransferResult } from '../results.ts';
import { bars } from './bars.ts';
import { heatMap } from './heat-map.ts';
import type { Drawing } from './svg.ts';

type Matrix = Pick<Reproduction, 'networks' | 'matrix' | 'tasks'>;

/** Fig. 5, left: how well the best layer of each network does each task. Darker is nearer to the best of the column. */
export function matrixFigure({ networks, matrix, tasks }: Matrix): Drawing {
  return heatMap({
    title: 'How well the best layer of each network does each task',
    ...{ rows: networks.map(({ name }) => name), columns: tasks },
    ...{ rowsName: 'network', columnsName: 'satellite task: mean of the trials on test ± standard deviation' },
    fields: networks.map(({ name }) =>
      tasks.map((task) => {
        const cell = cellOf(matrix, name, task);
        if (cell === undefined) return { said: [], shade: 0 };
        const column = matrix.filter((entry) => entry.task === task);
        return { said: [shown(cell.value, cell.metric), `± ${spreadOf(cell)}`], shade: shadeOf(cell, column) };
      }),
    ),
  });
}

/** Fig. 5, right: percentage lost against the network trained for the task. Darker is more. */
export function lossFigure({ networks, matrix, tasks }: Matrix): Drawing {
  const columns = tasks.filter((task) => matrix.some((cell) => cell.task === task && cell.reductionPercent !== null));
  return heatMap({
    title: 'Percentage lost against the network trained for the task',
    ...{ rows: networks.map(({ name }) => name), columns },
    ...{ rowsName: 'network', columnsName: 'satellite task; below 0: better than that network itself' },
    fields: networks.map(({ name }) =>
      columns.map((task) => {
        const lost = cellOf(matrix, name, task)?.reductionPercent ?? null;
        if (lost === null) return { said: [], shade: 0 };
        return { said: [`${lost.toFixed(1)} %`], shade: Math.min(1, Math.max(0, lost / 60)) };
      }),
    ),
  });
}

/** Fig. 6: least squares beside a head trained on the frozen network. Errors are left to the table. */
export function transferFigure(transfer: readonly TransferResult[]): Drawing {
  const shares = transfer.filter(({ metric }) => isShare(metric));
  return bars({
    title: 'Regression against transfer learning of the head',
    y: 'accuracy on test',
    percent: true,
    groups: shares.map(({ task }) => task),
    series: [
      { name: 'least squares', values: shares.map(({ regression }) => regression) },
      { name: 'head on stored features', values: shares.map(({ headOnly }) => headOnly) },
      { name: 'head on images', values: shares.map(({ onImages }) => onImages.value) },
    ],
  });
}

function cellOf(matrix: readonly CellResult[], network: string, task: string): CellResult | undefined {
  return matrix.find((cell) => cell.network === network && cell.task === task);
}

function spreadOf({ spread, metric }: CellResult): string {
  return isShare(metric) ? (100 * spread).toFixed(1) : String(Number(spread.toPrecision(2)));
}

/** From what a constant answer gives, white, to the best of the column. */
function shadeOf(cell: CellResult, column: readonly CellResult[]): number {
  const gains = column.map((entry) => Math.abs(entry.value - entry.chance));
  const most = Math.max(...gains, Number.MIN_VALUE);
  const better = cell.higherIsBetter ? cell.value > cell.chance : cell.value < cell.chance;
  return better ? (0.85 * Math.abs(cell.value - cell.chance)) / most : 0;
}
