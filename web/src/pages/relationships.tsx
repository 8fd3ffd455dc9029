import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { useAsk } from '../ask.tsx';
import { type HeatCell, HeatMap } from '../charts/heat-map.tsx';
import { metric, metricLabel, percent, tick } from '../format.ts';
import { RelationshipsDocument, type RelationshipsQuery } from '../generated/graphql.ts';
import { Choose, type DatasetView, useChoices, useSources } from '../parts/choose.tsx';
import { AnalyseFirst, NeedsAnalysis } from '../parts/needs-analysis.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

type Shown = 'value' | 'reduction';

/** Rows that are asked for at a time. */
const MOST = 30;

type Row = RelationshipsQuery['taskRelationships']['rows'][number];
type Cell = NonNullable<Row['cells'][number]>;

/** Which network can do which task, by a linear probe: the paper's Fig. 5. */
export function Relationships(): ReactNode {
  const { sources, error } = useSources();
  const [choice, choose] = useChoices();
  const [shown, show] = useState<Shown>('value');
  const [, go] = useLocation();
  const dataset = sources?.datasets.find(({ id }) => id === choice('dataset')) ?? sources?.datasets[0];
  const models = sources?.models.slice(0, MOST).map(({ id }) => id) ?? [];
  const asked = useAsk(
    RelationshipsDocument,
    { models, dataset: dataset?.id ?? '' },
    { enabled: dataset !== undefined && models.length > 0 },
  );
  if (error) return <Problem error={error} />;
  if (sources === undefined) return <p className="quiet">Asking for models and data sets…</p>;
  if (dataset === undefined || models.length === 0) return <Begin />;
  const matrix = asked.data?.taskRelationships;
  // Where nothing at all was analysed, there is one thing to do.
  const isEmpty = matrix?.rows.every(({ cells }) => cells.every((cell) => cell === null)) === true;
  const unread = isEmpty ? matrix.rows[0]?.model : undefined;
  return (
    <>
      <h1>Relationships</h1>
      <p className="lead">
        How well a linear probe on each network’s responses does each task, on images that nothing was fitted on. A
        click on a cell opens its curves.
      </p>
      <div className="controls">
        <Choose
          label="Data set"
          value={dataset.id}
          options={sources.datasets.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={(id) => choose({ dataset: id })}
        />
        <fieldset className="switch">
          <legend>Show</legend>
          {(['value', 'reduction'] as const).map((way) => (
            <label key={way}>
              <input type="radio" name="shown" checked={shown === way} onChange={() => show(way)} />
              {way === 'value' ? 'accuracy or error' : 'loss against the task’s own network'}
            </label>
          ))}
        </fieldset>
      </div>
      {asked.error && <NeedsAnalysis error={asked.error} model={models[0]} dataset={dataset.id} />}
      {matrix && (
        <HeatMap
          caption={`Networks × tasks of ${dataset.name}`}
          columns={matrix.tasks}
          measures={matrix.tasks.map((task, at) => measureOf(column(matrix.rows, at), shown, unitOf(dataset, task)))}
          rows={matrix.rows.map(({ model, cells }) => ({
            name: model.name,
            cells: cells.map((cell, at): HeatCell | null =>
              cell === null
                ? null
                : {
                    ...textOf(cell, shown),
                    title: titleOf(cell),
                    shade: shadeOf(cell, column(matrix.rows, at)),
                    own: model.primaryTask === cell.task,
                    onOpen: () =>
                      go(`/curves?${new URLSearchParams({ model: model.id, dataset: dataset.id, task: cell.task })}`),
                  },
            ),
          }))}
        />
      )}
      {unread && <AnalyseFirst model={unread.id} name={unread.name} dataset={dataset.id} />}
      {matrix && (
        <p className="quiet">
          The stronger the colour, the nearer to the best network for the task; a cell without any does no better than
          guessing. An outline marks the task that a network was trained for.
        </p>
      )}
    </>
  );
}

function Begin(): ReactNode {
  return (
    <Empty title="Nothing here yet">
      <p>
        A network and labelled images are all it takes: add an ONNX file under <a href="#/models">Models</a> and a
        folder of images under <a href="#/datasets">Data sets</a>.
      </p>
    </Empty>
  );
}

/** What the cells of a column are, for all of them are the same. */
function measureOf([cell]: readonly Cell[], shown: Shown, unit: string | null): string | undefined {
  if (cell === undefined) return undefined;
  if (shown === 'reduction') return 'loss';
  return [metricLabel(cell.metric), ...(unit === null || /accuracy/i.test(cell.metric) ? [] : [unit])].join(', ');
}

function unitOf({ tasks }: DatasetView, task: string): string | null {
  return tasks.find(({ name }) => name === task)?.unit ?? null;
}

function textOf(cell: Cell, shown: Shown): Pick<HeatCell, 'text' | 'detail'> {
  if (shown === 'value') return { text: metric(cell.metric, cell.value), detail: cell.layer };
  return cell.reductionPercent === null
    ? { text: '–', detail: 'no own network' }
    : { text: percent(cell.reductionPercent / 100), detail: cell.layer };
}

/** The cell with its baselines, and the other ways in which its layer can be read. */
function titleOf({ metric: name, value, spread, chance, layer, interval, r2, logMe, hScore }: Cell): string {
  const said = (score: string, figure: number | null): readonly string[] =>
    figure === null ? [] : [`${score} ${tick(figure)}`];
  return [
    `${metricLabel(name)} ${metric(name, value)} ± ${metric(name, spread)}`,
    ...(interval
      ? [`95\u00A0% interval of the first trial ${metric(name, interval.low)} to ${metric(name, interval.high)}`]
      : []),
    `guessing ${metric(name, chance)}`,
    ...[...said('R²', r2), ...said('LogME', logMe), ...said('H-score', hScore)],
    `read at ${layer}`,
  ].join('; ');
}

function column(rows: readonly Row[], at: number): readonly Cell[] {
  return rows.map(({ cells }) => cells[at]).filter((cell): cell is Cell => cell !== null && cell !== undefined);
}

/** Where a cell lies between guessing and the best of its column. */
function shadeOf({ value, chance, higherIsBetter }: Cell, all: readonly Cell[]): number {
  const sign = higherIsBetter ? 1 : -1;
  const best = Math.max(...all.map((cell) => sign * (cell.value - cell.chance)));
  return best <= 0 ? 0 : Math.min(1, Math.max(0, (sign * (value - chance)) / best));
}
