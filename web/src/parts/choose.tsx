import { type ReactNode, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import { useAsk } from '../ask.tsx';
import { SourcesDocument, type SourcesQuery } from '../generated/graphql.ts';

export type ModelView = SourcesQuery['models']['edges'][number]['node'];
export type DatasetView = SourcesQuery['datasets']['edges'][number]['node'];

export interface Sources {
  readonly models: readonly ModelView[];
  readonly datasets: readonly DatasetView[];
}

const MOST = 100;

/** The newest models and data sets of the project. */
export function useSources(): { readonly sources: Sources | undefined; readonly error: Error | null; again(): void } {
  const { data, error, refetch } = useAsk(SourcesDocument, { models: MOST, datasets: MOST });
  const sources = useMemo(
    () =>
      data && {
        models: data.models.edges.map(({ node }) => node),
        datasets: data.datasets.edges.map(({ node }) => node),
      },
    [data],
  );
  return { sources, error, again: () => void refetch() };
}

/** Choices that the address carries, so that a view can be sent to somebody. */
export function useChoices(): [(name: string) => string | undefined, (changes: Record<string, string>) => void] {
  const [params, setParams] = useSearchParams();
  return [
    (name) => params.get(name) ?? undefined,
    (changes) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) next.set(name, value);
          return next;
        },
        { replace: true },
      ),
  ];
}

interface ChooseProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChoose: (value: string) => void;
}

export function Choose({ label, value, options, onChoose }: ChooseProps): ReactNode {
  return (
    <label className="choose">
      {label}
      <select value={value ?? ''} onChange={({ target }) => onChoose(target.value)}>
        {value === undefined && <option value="">…</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </label>
  );
}

export interface Chosen {
  readonly model: ModelView | undefined;
  readonly dataset: DatasetView | undefined;
  readonly task: string | undefined;
}

/** A model, a data set and one of its tasks: what most pages are about. What the address does not say is the newest. */
export function useChosen(sources: Sources | undefined): [Chosen, ReactNode] {
  const [choice, choose] = useChoices();
  const model = sources?.models.find(({ id }) => id === choice('model')) ?? sources?.models[0];
  const dataset = sources?.datasets.find(({ id }) => id === choice('dataset')) ?? sources?.datasets[0];
  const task = dataset?.tasks.find(({ name }) => name === choice('task')) ?? dataset?.tasks[0];
  const controls = (
    <div className="controls">
      <Choose
        label="Network"
        value={model?.id}
        options={(sources?.models ?? []).map(({ id, name }) => ({ value: id, text: name }))}
        onChoose={(id) => choose({ model: id })}
      />
      <Choose
        label="Data set"
        value={dataset?.id}
        options={(sources?.datasets ?? []).map(({ id, name }) => ({ value: id, text: name }))}
        onChoose={(id) => choose({ dataset: id })}
      />
      <Choose
        label="Task"
        value={task?.name}
        options={(dataset?.tasks ?? []).map(({ name }) => ({ value: name, text: name }))}
        onChoose={(name) => choose({ task: name })}
      />
    </div>
  );
  return [{ model, dataset, task: task?.name }, controls];
}
