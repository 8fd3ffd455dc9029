import type { ReactNode } from 'react';
import { useAsk } from '../ask.tsx';
import { FilterStrip } from '../charts/filter-strip.tsx';
import { Overlap } from '../charts/overlap.tsx';
import { ResponseBins } from '../charts/response-bins.tsx';
import { percent, tick } from '../format.ts';
import {
  FilterResponsesDocument,
  type FilterResponsesQuery,
  FilterUseDocument,
  NetworkDocument,
} from '../generated/graphql.ts';
import { ArchiveImage } from '../parts/archive-image.tsx';
import { Choose, useChoices, useChosen, useSources } from '../parts/choose.tsx';
import { NeedsAnalysis } from '../parts/needs-analysis.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

type Responses = FilterResponsesQuery['filterResponses'];

const EPSILONS = ['0.001', '0.003', '0.01', '0.03', '0.1', '0.3'];
const USUAL_EPSILON = '0.01';
const BINS = ['5', '10', '20'];
/** Bins that are drawn. */
const MOST_BINS = 40;
/** Below this share of variance a layer says next to nothing of a task. */
const NEXT_TO_NOTHING = 0.02;

/** Which task uses which filter of a layer, what tasks share, and what a filter answers to: the paper's Figs. 1 and 2. */
export function Filters(): ReactNode {
  const { sources, error } = useSources();
  const [{ model, dataset, task }, controls] = useChosen(sources);
  const [choice, choose] = useChoices();
  const network = useAsk(NetworkDocument, { id: model?.id ?? '' }, { enabled: model !== undefined });
  const taps = network.data?.model?.taps ?? [];
  const layers = taps.map((tap) => tap.layer);
  const tap = taps.find((one) => one.layer === choice('layer')) ?? taps.at(-1);
  const layer = tap?.layer;
  const epsilon = EPSILONS.find((value) => value === choice('epsilon')) ?? USUAL_EPSILON;
  const bins = BINS.find((value) => value === choice('bins')) ?? '10';
  // What the address says may be about a layer with more filters.
  const filter =
    /^\d+$/.test(choice('filter') ?? '') && tap ? Math.min(Number(choice('filter')), tap.channels - 1) : null;
  const ready = model !== undefined && dataset !== undefined && task !== undefined && layer !== undefined;
  const about = { model: model?.id ?? '', dataset: dataset?.id ?? '', layer: layer ?? '' };
  const use = useAsk(FilterUseDocument, { ...about, epsilon: Number(epsilon) }, { enabled: ready });
  const responses = useAsk(
    FilterResponsesDocument,
    { ...about, task: task ?? '', filter, bins: Number(bins) },
    { enabled: ready },
  );
  if (error) return <Problem error={error} />;
  if (sources !== undefined && (model === undefined || dataset === undefined)) {
    return (
      <Empty title="No filters yet">
        <p>Add a network under Models and labelled images under Data sets.</p>
      </Empty>
    );
  }
  const failed = network.error ?? use.error;
  const found = use.data?.filterUse;
  const answered = responses.data?.filterResponses;
  const isOrdered = dataset?.tasks.find(({ name }) => name === task)?.type !== 'MULTILABEL';
  const openFilter = (next: number): void => choose({ filter: String(next) });
  return (
    <>
      <h1>Filters</h1>
      <p className="lead">
        Which filters of a layer each task reads at ε, how far tasks read the same ones, and what a filter answers to
        images by their labels.
      </p>
      {controls}
      <div className="controls">
        <Choose
          label="Layer"
          value={layer}
          options={layers.map((name) => ({ value: name, text: name }))}
          onChoose={(name) => choose({ layer: name, filter: '' })}
        />
        <Choose label="ε" value={epsilon} options={plain(EPSILONS)} onChoose={(value) => choose({ epsilon: value })} />
      </div>
      {failed && <NeedsAnalysis error={failed} model={model?.id} dataset={dataset?.id} />}
      {found && (
        <section aria-label="Use">
          <h2>Who uses what</h2>
          <FilterStrip
            title={`Filters of ${found.layer} that each task uses`}
            filters={found.filters}
            rows={found.tasks.map(({ task: name, kept }) => ({ name, kept }))}
            chosen={answered?.filter}
            onChoose={openFilter}
          />
          <Overlap
            caption={`Filters of ${found.layer} that two tasks share, of ${found.filters}`}
            tasks={found.tasks}
            pairs={found.overlaps}
          />
          <Weak tasks={found.tasks} layer={found.layer} />
        </section>
      )}
      {ready && !failed && (
        <section aria-label="Responses">
          <h2>What a filter answers to</h2>
          <div className="controls">
            <label className="choose">
              Filter
              <input
                type="number"
                min={0}
                max={(answered?.filters ?? 1) - 1}
                value={filter ?? answered?.filter ?? ''}
                onChange={({ target }) => choose({ filter: target.value })}
              />
            </label>
            <Choose
              label="Bins of values"
              value={bins}
              options={plain(BINS)}
              onChoose={(value) => choose({ bins: value })}
            />
          </div>
          {responses.error && <Problem error={responses.error} />}
          {responses.isPending && (
            <p className="quiet" role="status">
              Reading what the layer answered to every image…
            </p>
          )}
          {answered && <Answers responses={answered} task={task} isOrdered={isOrdered} onFilter={openFilter} />}
        </section>
      )}
    </>
  );
}

function plain(values: readonly string[]): readonly { readonly value: string; readonly text: string }[] {
  return values.map((value) => ({ value, text: value }));
}

/** Tasks of which the layer says next to nothing: their filters are chosen by noise. */
function Weak({
  tasks,
  layer,
}: {
  readonly tasks: readonly { readonly task: string; readonly explained: number }[];
  readonly layer: string;
}): ReactNode {
  const weak = tasks.filter(({ explained }) => explained < NEXT_TO_NOTHING);
  if (weak.length === 0) return null;
  return (
    <p className="quiet">
      {layer} explains under {percent(NEXT_TO_NOTHING, 0)} of the labels of {weak.map(({ task }) => task).join(', ')}:
      which filters it chose for {weak.length === 1 ? 'it' : 'them'} says little.
    </p>
  );
}

interface AnswersProps {
  readonly responses: Responses;
  readonly task: string;
  readonly isOrdered: boolean;
  readonly onFilter: (filter: number) => void;
}

function Answers({ responses, task, isOrdered, onFilter }: AnswersProps): ReactNode {
  const { filter, explained, bins, telling, images, imagesRead } = responses;
  const isValue = bins.some(({ from }) => from !== null);
  const shown = mostTelling(bins);
  return (
    <>
      <div className="beside">
        <figure className="curve answers" tabIndex={0} aria-label={`Filter ${filter} by ${task}`}>
          <figcaption>
            Filter {filter} by {task}
            <span>{percent(explained, 0)} of its variance</span>
          </figcaption>
          <ResponseBins
            title={`Mean response of filter ${filter} by ${task}, with standard errors`}
            bins={shown}
            ordered={isValue && isOrdered}
          />
        </figure>
        <div>
          <p>Filters whose responses follow {task} most:</p>
          <ul className="chips">
            {telling.slice(0, 12).map((one) => (
              <li key={one.filter}>
                <button type="button" aria-pressed={one.filter === filter} onClick={() => onFilter(one.filter)}>
                  {one.filter} <small>{percent(one.explained, 0)}</small>
                </button>
              </li>
            ))}
          </ul>
          <p className="quiet">
            A share is how much of a filter’s variance lies between the bins. Bars are standard errors of the mean.
            {shown.length < bins.length &&
              ` Of ${bins.length} classes those with the highest and the lowest mean are drawn.`}
            {imagesRead < images && ` ${imagesRead} of ${images} images were read.`}
          </p>
        </div>
      </div>
      <Gallery title="It answers most to" images={responses.most} archive={responses.archive} />
      <Gallery title="It answers least to" images={responses.least} archive={responses.archive} />
    </>
  );
}

/** All bins, or of many classes those that the filter answers to most and least. */
function mostTelling(bins: Responses['bins']): Responses['bins'] {
  if (bins.length <= MOST_BINS) return bins;
  const sorted = bins.filter(({ mean }) => mean !== null).sort((a, b) => b.mean! - a.mean!);
  return [...sorted.slice(0, MOST_BINS / 2), ...sorted.slice(-MOST_BINS / 2)];
}

interface GalleryProps extends Pick<Responses, 'archive'> {
  readonly title: string;
  readonly images: Responses['most'];
}

function Gallery({ title, images, archive }: GalleryProps): ReactNode {
  return (
    <>
      <h3>{title}</h3>
      <div className="gallery">
        {images.map((image) => (
          <ArchiveImage
            key={image.index}
            archive={archive}
            image={image}
            caption={
              <>
                {tick(image.response)} <small>{image.label ?? 'no label'}</small>
              </>
            }
          />
        ))}
      </div>
    </>
  );
}
