import {
  CharacteristicCurvesDocument,
  LaunchAnalysisDocument,
  TaskRelationshipsDocument,
  type TrainingInput,
} from '@kneepoint/client';
import {
  type CellResult,
  type CurveResult,
  type DistributionResult,
  type LayerResult,
  type RankingResult,
  type TransferResult,
} from '@kneepoint/reproduction';
import { launch } from '../client/launch.ts';
import { follow } from '../client/runs.ts';
import { finetune } from './finetune.ts';
import { detailsOf, type Lab, type Subject, type Subjects } from './lab.ts';

/** The ε that the paper finds best. */
export const EPSILON = 0.01;
const LAST_LAYERS = 6;

/** Reads every layer of every network: what matrix, curves and cuts are made of. */
export async function analyse(lab: Lab, { dataset, tasks }: Subjects, { model, figures }: Subject): Promise<void> {
  const { connection, signal } = lab;
  const input = { model, dataset, tasks: tasks.map(({ name }) => name), run: detailsOf(lab) };
  const { run } = await launch(connection.client, LaunchAnalysisDocument, input);
  await follow(connection.client, run, `analyse ${figures.name}`, signal);
}

/** The best layer of each network for each task (Fig. 5), and the last six layers of one network (Fig. 11). */
export async function matrixOf(
  { connection }: Lab,
  { networks, dataset, tasks }: Subjects,
): Promise<{ readonly matrix: readonly CellResult[]; readonly byLayer: readonly LayerResult[] }> {
  const names = tasks.map(({ name }) => name);
  const read = async (subjects: readonly Subject[], layer: string) => {
    const variables = { models: subjects.map(({ model }) => model), dataset, layer, tasks: names };
    const { taskRelationships } = await connection.client.query(TaskRelationshipsDocument, variables);
    return taskRelationships.rows.flatMap(({ cells }, row) =>
      cells.flatMap((cell) => (cell === null ? [] : [{ network: subjects[row]!.figures.name, ...cell }])),
    );
  };
  const references = new Map(networks.flatMap(({ figures: { task, own } }) => (task && own ? [[task, own]] : [])));
  const matrix = (await read(networks, 'BEST')).map((cell): CellResult => {
    const { network, task, layer, metric, higherIsBetter, value, spread, chance, r2, interval, logMe, hScore } = cell;
    const reference = references.get(task);
    const sign = higherIsBetter ? 1 : -1;
    const lost = reference && reference.value !== 0 ? (100 * sign * (reference.value - value)) / reference.value : null;
    return {
      ...{ network, task, layer, metric, higherIsBetter, value, spread, chance, reductionPercent: lost },
      ...{ interval: interval && { low: interval.low, high: interval.high }, r2, logMe, hScore },
    };
  });
  const [first] = networks;
  const byLayer: LayerResult[] = [];
  for (const name of first!.layers.slice(-LAST_LAYERS)) {
    for (const cell of await read([first!], name)) {
      const { network, task, layer, metric, higherIsBetter, value, chance } = cell;
      byLayer.push({ network, task, layer, metric, higherIsBetter, value, chance });
    }
  }
  return { matrix, byLayer };
}

/** Curves of all layers for one task (Figs. 7, 8). */
export async function curvesOf(
  { connection }: Lab,
  { dataset }: Subjects,
  { model, figures }: Subject,
  task: string,
): Promise<CurveResult> {
  const variables = { model, dataset, task, epsilon: EPSILON };
  const { characteristicCurves } = await connection.client.query(CharacteristicCurvesDocument, variables);
  const layers = characteristicCurves.map(({ layer, filters, points, knee }) => ({
    ...{ layer, filters },
    points: points.map((point) => ({ filters: point.filters, rmse: point.rmseValidation })),
    knee: { epsilon: EPSILON, filters: knee.filters, rmse: knee.rmse },
  }));
  return { network: figures.name, task, unit: null, layers };
}

/** Which filters of the last layer the knee keeps for each task (Fig. 1). */
export async function distributionOf(
  { connection }: Lab,
  { dataset, tasks }: Subjects,
  { model, figures, layers }: Subject,
): Promise<DistributionResult> {
  const layer = layers.at(-1)!;
  const kept: { task: string; kept: readonly number[] }[] = [];
  let filters = 0;
  for (const { name: task } of tasks) {
    const variables = { model, dataset, task, epsilon: EPSILON };
    const { characteristicCurves } = await connection.client.query(CharacteristicCurvesDocument, variables);
    const last = characteristicCurves.find((curve) => curve.layer === layer)!;
    filters = last.filters;
    kept.push({ task, kept: last.knee.kept });
  }
  return { network: figures.name, layer, filters, epsilon: EPSILON, tasks: kept };
}

/** The head alone trained on the frozen network, task by task (Fig. 6). */
export async function transferTo(
  lab: Lab,
  { dataset }: Subjects,
  subject: Subject,
  task: string,
  matrix: readonly CellResult[],
): Promise<TransferResult> {
  const { results, seconds } = await finetune(lab, dataset, { from: subject, task, mode: 'HEAD' });
  const { metric, higherIsBetter, test } = results[0]!;
  const moved = await finetune(lab, dataset, { from: subject, task, mode: 'HEAD', training: onImages(lab) });
  const network = subject.figures.name;
  const cell = matrix.find((entry) => entry.network === network && entry.task === task)!;
  return {
    ...{ network, task, metric, higherIsBetter, regression: cell.value, headOnly: test, headSeconds: seconds! },
    onImages: { value: moved.results[0]!.test, seconds: moved.seconds! },
  };
}

/** Every network finetuned whole for a task, and how well each cheap score foresees the order of what comes out. */
export async function rankingOf(
  lab: Lab,
  { networks, dataset }: Subjects,
  task: string,
  matrix: readonly CellResult[],
): Promise<RankingResult> {
  const { rankCorrelation } = await import('@kneepoint/regression');
  const finetuned: { network: string; value: number; better: number }[] = [];
  for (const subject of networks) {
    const { results } = await finetune(lab, dataset, {
      ...{ from: subject, task, mode: 'WHOLE' },
      training: { epochs: lab.profile.satelliteEpochs },
    });
    const { test, higherIsBetter } = results[0]!;
    finetuned.push({ network: subject.figures.name, value: test, better: higherIsBetter ? test : -test });
  }
  const cells = finetuned.map(({ network }) => matrix.find((cell) => cell.network === network && cell.task === task)!);
  const scores: readonly (readonly [string, readonly (number | null)[]])[] = [
    ['probe', cells.map(({ value, higherIsBetter }) => (higherIsBetter ? value : -value))],
    ['R²', cells.map(({ r2 }) => r2)],
    ['LogME', cells.map(({ logMe }) => logMe)],
    ['H-score', cells.map(({ hScore }) => hScore)],
  ];
  const better = finetuned.map((entry) => entry.better);
  return {
    task,
    finetuned: finetuned.map(({ network, value }) => ({ network, value })),
    scores: scores.map(([score, values]) => ({
      score,
      rho: values.every((value) => value !== null) ? rankCorrelation(values, better) : null,
    })),
  };
}

/** Images that differ from epoch to epoch: nothing of the frozen network can be stored. */
function onImages({ profile: { headEpochs } }: Lab): TrainingInput {
  return { copies: 3, crop: 0.08, flip: true, ...(headEpochs === null ? {} : { epochs: headEpochs, patience: 0 }) };
}
