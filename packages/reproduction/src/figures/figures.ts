import { byTask } from '../reading.ts';
import type { Reproduction } from '../results.ts';
import { agnosticFigure, latencyFigure, throughputFigure, tradeFigure } from './of-cuts.ts';
import { curveFigure, distributionFigure, layersFigure, responsesFigure } from './of-layers.ts';
import { lossFigure, matrixFigure, transferFigure } from './of-relationships.ts';
import type { Drawing } from './svg.ts';

export interface Figure extends Drawing {
  /** Of the file, without ending. */
  readonly name: string;
  /** Of the paper. */
  readonly paper: string;
}

/** Every figure that the results have data for, in the order of the paper's argument. Pure. */
export function figuresOf(results: Reproduction): readonly Figure[] {
  const { networks, transfer, responses, curves, cuts, light, small, agnostic } = results;
  const hasReference = networks.some(({ own }) => own !== null);
  return [
    { name: 'distribution', paper: 'Fig. 1', ...distributionFigure(results.distribution) },
    ...(responses && responses.bins.length > 0
      ? [{ name: 'responses', paper: 'Fig. 2', ...responsesFigure(responses) }]
      : []),
    { name: 'matrix', paper: 'Fig. 5, left', ...matrixFigure(results) },
    ...(hasReference ? [{ name: 'loss', paper: 'Fig. 5, right', ...lossFigure(results) }] : []),
    ...(transfer.length > 0 ? [{ name: 'transfer', paper: 'Fig. 6', ...transferFigure(transfer) }] : []),
    ...curves.map((curve, i) => ({
      name: `curves-${fileName(curve.task)}`,
      paper: i === 0 ? 'Fig. 7' : 'Fig. 8',
      ...curveFigure(curve),
    })),
    ...byTask(cuts).map((group) => ({
      name: `trade-${fileName(`${group[0]!.network}-${group[0]!.result.task}`)}`,
      paper: 'Fig. 9',
      ...tradeFigure(group),
    })),
    ...(cuts.length > 0 ? [{ name: 'latency', paper: 'Fig. 10', ...latencyFigure([...cuts, ...light]) }] : []),
    ...(isSome(small) ? [{ name: 'throughput', paper: 'of its successor', ...throughputFigure(small) }] : []),
    { name: 'layers', paper: 'Fig. 11', ...layersFigure(results.byLayer) },
    ...(agnostic ? [{ name: 'agnostic', paper: 'proposed in its conclusion', ...agnosticFigure(agnostic) }] : []),
  ];
}

function isSome<Entry>(entries: readonly Entry[]): entries is readonly [Entry, ...Entry[]] {
  return entries.length > 0;
}

function fileName(task: string): string {
  return task.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
