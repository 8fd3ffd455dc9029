import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useAskPages } from '../ask.tsx';
import { percent, time, words } from '../format.ts';
import { type RunKind, RunListDocument, type RunListQuery, type RunState } from '../generated/graphql.ts';
import { Choose, useChoices } from '../parts/choose.tsx';
import { FailureCode } from '../parts/failure.tsx';
import { Empty, Problem } from '../parts/problem.tsx';
import { standing } from '../parts/progress-text.ts';

type Row = RunListQuery['runs']['edges'][number]['node'];

const STATES: readonly RunState[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];
const KINDS: readonly RunKind[] = [
  'COMPRESSION',
  'PRUNE',
  'ANALYSIS',
  'FINETUNE',
  'BENCHMARK',
  'PACKAGE',
  'REPRODUCTION',
  'IMPORT_MODEL',
  'IMPORT_DATASET',
];
const PAGE = 100;
const EVERY_MS = 3_000;
const ROW_PX = 56;
/** Rows that are drawn before and behind those that are seen. */
const OVERSCAN = 8;
export const MOST_COMPARED = 12;

/** What was launched, newest first: as long a list as there is, of which only what is seen is drawn. */
export function Runs(): ReactNode {
  const [choice, choose] = useChoices();
  const [, go] = useLocation();
  const [name, state, kind, task, label] = ['name', 'state', 'kind', 'task', 'label'].map(
    (field) => choice(field) || undefined,
  );
  const [key, value] = splitLabel(label);
  const filter = {
    ...(name === undefined ? {} : { name }),
    ...(state === undefined ? {} : { states: [state as RunState] }),
    ...(kind === undefined ? {} : { kind: kind as RunKind }),
    ...(task === undefined ? {} : { task }),
    ...(key === undefined ? {} : { labels: [{ key, value }] }),
  };
  const asked = useAskPages(
    RunListDocument,
    { first: PAGE, filter },
    { pageOf: ({ runs }: RunListQuery) => runs, every: EVERY_MS },
  );
  const rows = useMemo(() => asked.data?.pages.flatMap(({ runs }) => runs.edges.map(({ node }) => node)), [asked.data]);
  const total = asked.data?.pages[0]?.runs.totalCount ?? 0;
  const chosen = (choice('compare') ?? '').split(',').filter((id) => id !== '');
  const toggle = (id: string): void => {
    const next = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
    choose({ compare: next.join(',') });
  };
  return (
    <>
      <h1>Runs</h1>
      <div className="controls">
        <TextChoice label="Name" value={name} onChoose={(text) => choose({ name: text })} />
        <TextChoice label="Label" hint="team=vision" value={label} onChoose={(text) => choose({ label: text })} />
        <TextChoice label="Task" value={task} onChoose={(text) => choose({ task: text })} />
        <Choose
          label="State"
          value={state ?? ''}
          options={optionsOf(STATES)}
          onChoose={(text) => choose({ state: text })}
        />
        <Choose
          label="Kind"
          value={kind ?? ''}
          options={optionsOf(KINDS)}
          onChoose={(text) => choose({ kind: text })}
        />
        <button
          type="button"
          disabled={chosen.length < 2}
          onClick={() => go(`/compare?${new URLSearchParams({ runs: chosen.join(',') })}`)}
        >
          {chosen.length < 2 ? 'Choose two runs to compare' : `Compare ${chosen.length} runs`}
        </button>
      </div>
      {asked.error && <Problem error={asked.error} />}
      {rows?.length === 0 && (
        <Empty title="No run matches">
          <p>Launch one under Compress, or choose fewer conditions.</p>
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <>
          <p className="quiet">
            {total} {total === 1 ? 'run' : 'runs'}
          </p>
          <RunList
            rows={rows}
            chosen={chosen}
            onToggle={toggle}
            more={asked.hasNextPage && !asked.isFetchingNextPage ? () => void asked.fetchNextPage() : undefined}
          />
        </>
      )}
    </>
  );
}

interface ListProps {
  readonly rows: readonly Row[];
  readonly chosen: readonly string[];
  readonly onToggle: (id: string) => void;
  /** Asks for the next page; absent where there is none, or it is under way. */
  readonly more: (() => void) | undefined;
}

const HEADS = ['run', 'state', 'network', 'data set', 'tasks', 'begun'];

function RunList({ rows, chosen, onToggle, more }: ListProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey: (at) => rows[at]!.id,
  });
  const items = drawn.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 1 - OVERSCAN) more?.();
  }, [last, rows.length, more]);
  return (
    <div className="list-box" ref={box} tabIndex={0} role="region" aria-label="List of runs">
      <div role="table" aria-label="Runs" aria-rowcount={rows.length + 1} className="rows">
        <div role="row" aria-rowindex={1} className="row head">
          <span role="columnheader">
            <span className="unseen">compare</span>
          </span>
          {HEADS.map((head) => (
            <span key={head} role="columnheader">
              {head}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: drawn.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, key, start }) => (
            <RunRow
              key={key}
              run={rows[index]!}
              index={index}
              start={start}
              isChosen={chosen.includes(rows[index]!.id)}
              isFull={chosen.length >= MOST_COMPARED}
              onToggle={onToggle}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  readonly run: Row;
  readonly index: number;
  readonly start: number;
  readonly isChosen: boolean;
  readonly isFull: boolean;
  readonly onToggle: (id: string) => void;
}

function RunRow({ run, index, start, isChosen, isFull, onToggle }: RowProps): ReactNode {
  const name = run.name ?? words(run.kind);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="row"
      style={{ position: 'absolute', top: 0, transform: `translateY(${start}px)`, height: ROW_PX }}
    >
      <span role="cell">
        <input
          type="checkbox"
          aria-label={`Compare ${name}`}
          checked={isChosen}
          disabled={isFull && !isChosen}
          onChange={() => onToggle(run.id)}
        />
      </span>
      <span role="rowheader">
        <Link href={`/runs/${encodeURIComponent(run.id)}`}>{name}</Link>
        <small>{run.labels.map(({ key, value }) => `${key}=${value}`).join(' ')}</small>
        <small className="narrow-only">{[time(run.createdAt), ...run.tasks].join(' · ')}</small>
      </span>
      <span role="cell">
        <State state={run.state} /> {isUnderway(run.state) && percent(run.progress.fraction, 0)}
        {run.failure && (
          <small>
            <FailureCode code={run.failure.code} />
          </small>
        )}
        {isUnderway(run.state) && <small title={doing(run)}>{doing(run)}</small>}
      </span>
      <span role="cell">{run.model?.name}</span>
      <span role="cell">{run.dataset?.name}</span>
      <span role="cell">{run.tasks.join(', ')}</span>
      <span role="cell">{time(run.createdAt)}</span>
    </div>
  );
}

/** What it does at this moment, in a line. */
function doing({ state, progress }: Row): string {
  if (state === 'CANCELING') return 'the workers are told to let go';
  return [...standing(progress), ...(progress.current === null ? [] : [progress.current])].join(' · ');
}

interface TextChoiceProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string | undefined;
  readonly onChoose: (text: string) => void;
}

/** A condition that is typed: it holds once the field is left, or by Enter. */
function TextChoice({ label, hint, value, onChoose }: TextChoiceProps): ReactNode {
  return (
    <label className="choose">
      {label}
      <input
        key={value ?? ''}
        size={12}
        defaultValue={value}
        placeholder={hint}
        onBlur={({ target }) => target.value !== (value ?? '') && onChoose(target.value)}
        onKeyDown={(event) => event.key === 'Enter' && onChoose(event.currentTarget.value)}
      />
    </label>
  );
}

/** "team=vision" as key and value. */
function splitLabel(label: string | undefined): [string | undefined, string] {
  if (label === undefined) return [undefined, ''];
  const at = label.indexOf('=');
  return at < 0 ? [label, ''] : [label.slice(0, at), label.slice(at + 1)];
}

function optionsOf(names: readonly string[]): readonly { value: string; text: string }[] {
  return [{ value: '', text: 'all' }, ...names.map((name) => ({ value: name, text: words(name) }))];
}

export function isUnderway(state: RunState): boolean {
  return ['STARTING', 'RUNNING', 'CANCELING'].includes(state);
}

export function State({ state }: { readonly state: RunState }): ReactNode {
  return <span className={`state ${state.toLowerCase()}`}>{words(state)}</span>;
}
