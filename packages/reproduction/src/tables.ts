import { armOf, percent, removed, shown, speedUp, timeGone } from './reading.ts';
import type { ArmFigures, CutResult, Reproduction } from './results.ts';
import { short } from './figures/scale.ts';

/** Figures in rows; the first cells of a row name it. */
export interface Table {
  readonly title: string;
  /** What has to be said beside it; null where nothing has. */
  readonly note: string | null;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every table that the results have data for. Pure. */
export function tablesOf(results: Reproduction): readonly Table[] {
  const all = [
    networkTable(results),
    cellTable(results),
    transferTable(results),
    cutTable(results),
    smallTable(results),
    rankingTable(results),
    ...architectureTables(results),
  ];
  return all.filter(({ rows }) => rows.length > 0);
}

/** Each network itself. */
function networkTable({ networks, wide }: Reproduction): Table {
  const rows = [...networks, ...(wide === null ? [] : [wide])].flatMap(({ name, task, own, parameters, macs }) => {
    if (own === null) return [];
    const { value, chance, metric, seconds } = own;
    const size = [short(parameters), short(macs), seconds.toFixed(0)];
    return [[name, task ?? '', shown(value, metric), shown(chance, metric), ...size]];
  });
  return {
    ...{ title: 'The networks themselves', note: null, rows },
    head: ['network', 'task', 'on the smaller part', 'constant answer', 'parameters', 'MACs', 'training, s'],
  };
}

/** Every cell of the matrix with its baselines. */
function cellTable({ matrix }: Reproduction): Table {
  const number = (value: number | null, digits: number): string => (value === null ? '' : value.toFixed(digits));
  const rows = matrix.map(({ metric, interval, ...cell }) => [
    ...[cell.network, cell.task, cell.layer, shown(cell.value, metric), shown(cell.spread, metric)],
    interval === null ? '' : `${shown(interval.low, metric)} to ${shown(interval.high, metric)}`,
    ...[shown(cell.chance, metric), number(cell.reductionPercent, 1), number(cell.r2, 3)],
    ...[number(cell.logMe, 3), number(cell.hScore, 3)],
  ]);
  return {
    ...{ title: 'Every cell', rows },
    note: 'Three partitions, mean and standard deviation. The constant answer is the most frequent class, or the mean; R² compares with the mean predictor.',
    head: [
      ...['network', 'task', 'best layer', 'test', '±', '95 % of the first', 'constant answer', 'lost, %'],
      ...['R²', 'LogME', 'H-score'],
    ],
  };
}

function transferTable({ transfer }: Reproduction): Table {
  const rows = transfer.map(({ task, metric, regression, headOnly, headSeconds, onImages }) => [
    ...[task, shown(regression, metric), shown(headOnly, metric), headSeconds.toFixed(1)],
    ...[shown(onImages.value, metric), onImages.seconds.toFixed(1)],
  ]);
  return {
    ...{ title: 'Least squares and a trained head', rows },
    note: 'On stored features: what the frozen network answers to each image, computed once. On images: every epoch takes them, a little moved and mirrored where that is known to be right, through the frozen network, as is usual.',
    head: ['task', 'least squares', 'head on stored features', 's', 'head on images', 's'],
  };
}

/** Table 2 and Fig. 9 in figures. */
function cutTable({ cuts, light }: Reproduction): Table {
  const rows = [...cuts, ...light].map((cut) => {
    const { result, network } = cut;
    const { name, probe, refit } = result.metric;
    const damage = result.criteria.find(({ criterion }) => criterion === 'damage')?.finetuned;
    return [
      ...[network, result.task, String(result.epsilon), result.bestLayer],
      ...(['parameters', 'bytes', 'macs'] as const).map((what) => `−${percent(removed(result, what))}`),
      ...[`${speedUp(result).toFixed(1)} ×`, shown(probe, name), shown(refit, name)],
      ...[armShown(cut, 'finetuned'), armShown(cut, 'unpruned'), armShown(cut, 'scratch')],
      damage === undefined ? '' : shown(damage, name),
    ];
  });
  return {
    ...{ title: 'Cuts', note: null, rows },
    head: [
      ...['network', 'task', 'ε', 'reads', 'parameters', 'bytes', 'MACs', 'faster', 'probe, whole', 'cut'],
      ...['cut, finetuned', 'whole, finetuned', 'from scratch', 'by damage, equal MACs'],
    ],
  };
}

function armShown(cut: CutResult, wanted: ArmFigures['arm']): string {
  const found = armOf(cut, wanted);
  return found ? shown(found.metric, cut.result.metric.name) : '';
}

/** What ETL's bar is held against. */
function smallTable({ small }: Reproduction): Table {
  const batch = small[0]?.throughput.batch ?? 1;
  const rows = small.map((cut) => {
    const { network, result, head, finetuned, throughput } = cut;
    const { name } = result.metric;
    const gone = (['parameters', 'bytes', 'macs'] as const).map((what) => `−${percent(removed(result, what))}`);
    const each = [1000 / throughput.before, 1000 / throughput.after].map((ms) => ms.toFixed(3));
    return [
      ...[network, result.task, result.bestLayer, ...gone, ...each, `−${percent(timeGone(cut))}`],
      ...[shown(head, name), shown(result.metric.refit, name), shown(finetuned, name)],
    ];
  });
  return {
    ...{ title: 'Small networks', rows },
    note: `Time is milliseconds for each image${batch === 1 ? '' : ` of a batch of ${batch}`}, whole and small. The bar is the whole network with a new head, trained on the same images.`,
    head: [
      ...['network', 'task', 'reads', 'parameters', 'bytes', 'MACs', 'whole, ms', 'small, ms', 'time'],
      ...['whole, new head', 'small, head refitted', 'small, finetuned'],
    ],
  };
}

function rankingTable({ rankings }: Reproduction): Table {
  const scores = (rankings[0]?.scores ?? []).map(({ score }) => score);
  return {
    title: 'What foresees the finetuned result',
    note: `Spearman’s ρ over ${rankings[0]?.finetuned.length ?? 0} networks.`,
    head: ['task', ...scores],
    rows: rankings.map(({ task, scores: own }) => [
      task,
      ...own.map(({ rho }) => (rho === null ? '' : rho.toFixed(2))),
    ]),
  };
}

/** Tables 3 to 6: layer by layer. */
function architectureTables({ cuts, light }: Reproduction): readonly Table[] {
  return [...cuts, ...light]
    .filter(({ result }) => result.epsilon === 0.01)
    .map(({ network, result }) => ({
      ...{ title: `${network} for ${result.task} at ε = 0.01, layer by layer`, note: null },
      head: ['layer', 'filters', 'kept', 'parameters', 'left', 'MACs', 'left'],
      rows: result.layers.map((layer) => [
        ...[layer.name, String(layer.filters), String(layer.kept)],
        ...[short(layer.parametersBefore), short(layer.parametersAfter)],
        ...[short(layer.macsBefore), short(layer.macsAfter)],
      ]),
    }));
}
