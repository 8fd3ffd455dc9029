import { armOf, atPaperEpsilon, byTask, isShare } from '../reading.ts';
import type { AgnosticResult, ArmFigures, CutResult, SmallResult } from '../results.ts';
import { bars } from './bars.ts';
import { lineChart, type Series } from './line-chart.ts';
import type { Drawing } from './svg.ts';

/** Fig. 9: what is left of the metric at each size, one point for each ε. */
export function tradeFigure(cuts: readonly CutResult[]): Drawing {
  const [{ network, result }] = cuts as readonly [CutResult, ...CutResult[]];
  const { name } = result.metric;
  const sizes = cuts.map((cut) => cut.result.after.parameters);
  const all = [...sizes, ...cuts.flatMap(({ result: { criteria } }) => criteria.map(({ parameters }) => parameters))];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const of = (said: string, arm: ArmFigures['arm']): Series[] => {
    const points = cuts.flatMap((cut) => {
      const found = armOf(cut, arm);
      return found ? [{ x: found.parameters, y: found.metric }] : [];
    });
    return points.length === 0 ? [] : [{ name: said, points: ordered(points) }];
  };
  const level = (said: string, y: number | undefined): Series[] => {
    return y === undefined
      ? []
      : [{ name: said, dashed: true, marked: false, points: [least, most].map((x) => ({ x, y })) }];
  };
  const damage = cuts.flatMap(({ result: { criteria } }) =>
    criteria.flatMap(({ criterion, parameters, finetuned }) =>
      criterion === 'damage' && finetuned !== undefined ? [{ x: parameters, y: finetuned }] : [],
    ),
  );
  return lineChart({
    title: `${network} cut for ${result.task} by the paper's rule, ε = ${cuts.map((cut) => cut.result.epsilon).join(', ')}`,
    ...{ x: 'parameters left', logX: least < most, y: `${name} on test`, percent: isShare(name) },
    series: [
      ...of('cut, head refitted', 'refit'),
      ...of('cut, finetuned', 'finetuned'),
      ...of('same layers from scratch', 'scratch'),
      ...(damage.length === 0 ? [] : [{ name: 'by damage, equal MACs', points: ordered(damage) }]),
      ...level('whole, finetuned', armOf(cuts[0]!, 'unpruned')?.metric),
      ...level('probe on the whole', result.metric.probe),
    ],
  });
}

/** Fig. 10: milliseconds for one image before and after. */
export function latencyFigure(cuts: readonly CutResult[]): Drawing {
  // Only the ε that the paper finds best: the others are in the table.
  const all = byTask(cuts).map(atPaperEpsilon);
  return bars({
    title: 'Time for one image before and after the cut',
    y: 'milliseconds, median',
    groups: all.map(
      ({ network, result }) => `${network.startsWith('light') ? 'MFM, ' : ''}${result.task}, ε ${result.epsilon}`,
    ),
    series: [
      { name: 'whole network', values: all.map(({ result }) => result.before.latencyMs.p50) },
      { name: 'cut', values: all.map(({ result }) => result.after.latencyMs.p50) },
    ],
  });
}

/** Milliseconds for each image of a batch, whole and small. */
export function throughputFigure(small: readonly [SmallResult, ...SmallResult[]]): Drawing {
  const [{ network, throughput }] = small;
  const each = throughput.batch === 1 ? 'one image' : `each of ${throughput.batch} images`;
  const milliseconds = (of: 'before' | 'after'): number[] => small.map((cut) => 1000 / cut.throughput[of]);
  return bars({
    title: `Time for ${each} before and after ${network} was made small`,
    y: 'milliseconds',
    groups: small.map(({ result }) => result.task),
    series: [
      { name: 'whole network', values: milliseconds('before') },
      { name: 'small', values: milliseconds('after') },
    ],
  });
}

/** What can be read before and after the filters of a task were taken out. */
export function agnosticFigure({ tasks }: AgnosticResult): Drawing {
  const shares = tasks.filter(({ metric }) => isShare(metric));
  return bars({
    title: 'A linear probe before and after filters that tell who it is were taken out',
    ...{ y: 'metric on test', percent: true },
    groups: shares.map(({ task, role }) => `${task} (${role})`),
    series: [
      { name: 'whole network', values: shares.map(({ before }) => before) },
      { name: 'filters taken out', values: shares.map(({ after }) => after) },
      { name: 'chance', values: shares.map(({ chance }) => chance) },
    ],
  });
}

function ordered(points: readonly { readonly x: number; readonly y: number }[]): { x: number; y: number }[] {
  return [...points].sort((a, b) => a.x - b.x);
}
