import { armOf, percent, removed, shown, speedUp } from './reading.ts';
import { table } from './markdown.ts';
import type { ArmFigures, CutResult, Reproduction } from './results.ts';
import { short } from './figures/scale.ts';

/** Each network itself, and every cell with its baselines. */
export function relationshipTables({ networks, matrix }: Reproduction): readonly string[] {
  const trained = networks.flatMap(({ name, task, own, parameters, macs }) => {
    return own === null
      ? []
      : [
          [
            name,
            task ?? '',
            shown(own.value, own.metric),
            shown(own.chance, own.metric),
            short(parameters),
            short(macs),
            own.seconds.toFixed(0),
          ],
        ];
  });
  const number = (value: number | null, digits: number): string => (value === null ? '' : value.toFixed(digits));
  const cells = matrix.map((cell) => [
    ...[cell.network, cell.task, cell.layer, shown(cell.value, cell.metric), shown(cell.spread, cell.metric)],
    cell.interval === null
      ? ''
      : `${shown(cell.interval.low, cell.metric)} to ${shown(cell.interval.high, cell.metric)}`,
    ...[shown(cell.chance, cell.metric), number(cell.reductionPercent, 1), number(cell.r2, 3)],
    ...[number(cell.logMe, 3), number(cell.hScore, 3)],
  ]);
  const head = [
    'network',
    'task',
    'best layer',
    'test',
    '±',
    '95 % of the first',
    'constant answer',
    'lost, %',
    'R²',
    'LogME',
    'H-score',
  ];
  return [
    ...(trained.length === 0
      ? []
      : [
          `### The networks themselves\n\n${table(['network', 'task', 'on the smaller part', 'constant answer', 'parameters', 'MACs', 'training, s'], trained)}`,
        ]),
    `### Every cell\n\nThree partitions, mean and standard deviation. The constant answer is the most frequent class, or the mean; R² compares with the mean predictor.\n\n${table(head, cells)}`,
  ];
}

export function transferTable({ transfer }: Reproduction): readonly string[] {
  if (transfer.length === 0) return [];
  const rows = transfer.map(({ task, metric, regression, headOnly, headSeconds }) => {
    return [task, shown(regression, metric), shown(headOnly, metric), headSeconds.toFixed(1)];
  });
  return [
    `### Least squares and a trained head\n\n${table(['task', 'least squares', 'head trained', 'training the head, s'], rows)}`,
  ];
}

/** Table 2 and Fig. 9 in figures. */
export function cutTable({ cuts, light, small }: Reproduction): readonly string[] {
  const all = [...cuts, ...light, ...small];
  if (all.length === 0) return [];
  const rows = all.map((cut) => {
    const { result, network } = cut;
    const { name, probe, refit } = result.metric;
    const arm = (wanted: ArmFigures['arm']): string => {
      const found = armOf(cut, wanted);
      return found ? shown(found.metric, name) : '';
    };
    const damage = result.criteria.find(({ criterion }) => criterion === 'damage')?.finetuned;
    return [
      ...[network, result.task, result.epsilon === null ? 'small' : String(result.epsilon), result.bestLayer],
      ...[
        `−${percent(removed(result, 'parameters'))}`,
        `−${percent(removed(result, 'bytes'))}`,
        `−${percent(removed(result, 'macs'))}`,
      ],
      ...[
        `${speedUp(result).toFixed(1)} ×`,
        shown(probe, name),
        shown(refit, name),
        arm('finetuned'),
        arm('unpruned'),
        arm('scratch'),
      ],
      damage === undefined ? '' : shown(damage, name),
    ];
  });
  const head = [
    'network',
    'task',
    'ε',
    'reads',
    'parameters',
    'bytes',
    'MACs',
    'faster',
    'probe, whole',
    'cut',
    'cut, finetuned',
    'whole, finetuned',
    'from scratch',
    'by damage, equal MACs',
  ];
  return [`### Cuts\n\n${table(head, rows)}`];
}

export function rankingTable({ rankings }: Reproduction): readonly string[] {
  if (rankings.length === 0) return [];
  const scores = rankings[0]!.scores.map(({ score }) => score);
  const rows = rankings.map(({ task, scores: own }) => [
    task,
    ...own.map(({ rho }) => (rho === null ? '' : rho.toFixed(2))),
  ]);
  return [
    `### What foresees the finetuned result\n\nSpearman’s ρ over ${rankings[0]!.finetuned.length} networks.\n\n${table(['task', ...scores], rows)}`,
  ];
}

/** Tables 3 to 6: layer by layer. */
export function architectureTables({ cuts, light }: Reproduction): readonly string[] {
  return [...cuts, ...light]
    .filter(({ result }) => result.epsilon === 0.01)
    .map((cut) => `### ${cut.network} for ${cut.result.task} at ε = 0.01, layer by layer\n\n${layersOf(cut)}`);
}

function layersOf({ result: { layers } }: CutResult): string {
  const rows = layers.map(({ name, filters, kept, parametersBefore, parametersAfter, macsBefore, macsAfter }) => {
    return [
      name,
      String(filters),
      String(kept),
      short(parametersBefore),
      short(parametersAfter),
      short(macsBefore),
      short(macsAfter),
    ];
  });
  return table(['layer', 'filters', 'kept', 'parameters', 'left', 'MACs', 'left'], rows);
}
