import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { useAsk } from '../ask.tsx';
import { percent, time, words } from '../format.ts';
import { type RunKind, RunListDocument, type RunState } from '../generated/graphql.ts';
import { Choose, useChoices } from '../parts/choose.tsx';
import { Empty, Problem } from '../parts/problem.tsx';

const STATES: readonly RunState[] = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];
const KINDS: readonly RunKind[] = [
  'COMPRESSION',
  'PRUNE',
  'ANALYSIS',
  'FINETUNE',
  'BENCHMARK',
  'IMPORT_MODEL',
  'IMPORT_DATASET',
];
const PAGE = 50;
const EVERY_MS = 3_000;

/** What was launched, newest first, a page at a time. */
export function Runs(): ReactNode {
  const [choice, choose] = useChoices();
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [name, state, kind] = ['name', 'state', 'kind'].map((field) => choice(field) || undefined);
  const filter = {
    ...(name === undefined ? {} : { name }),
    ...(state === undefined ? {} : { states: [state as RunState] }),
    ...(kind === undefined ? {} : { kind: kind as RunKind }),
  };
  const asked = useAsk(RunListDocument, { first: PAGE, after: cursors.at(-1) ?? null, filter }, { every: EVERY_MS });
  const change = (changes: Record<string, string>): void => {
    setCursors([]);
    choose(changes);
  };
  const runs = asked.data?.runs;
  return (
    <>
      <h1>Runs</h1>
      <div className="controls">
        <label className="choose">
          Name
          <input defaultValue={name} onChange={({ target }) => change({ name: target.value })} />
        </label>
        <Choose
          label="State"
          value={state ?? ''}
          options={optionsOf(STATES)}
          onChoose={(value) => change({ state: value })}
        />
        <Choose
          label="Kind"
          value={kind ?? ''}
          options={optionsOf(KINDS)}
          onChoose={(value) => change({ kind: value })}
        />
      </div>
      {asked.error && <Problem error={asked.error} />}
      {runs && runs.edges.length === 0 && (
        <Empty title="No run matches">
          <p>Launch one under Compress, or choose fewer conditions.</p>
        </Empty>
      )}
      {runs && runs.edges.length > 0 && (
        <div className="scroll">
          <table className="list">
            <caption>{runs.totalCount} runs</caption>
            <thead>
              <tr>
                {['run', 'state', 'network', 'data set', 'tasks', 'begun'].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {runs.edges.map(({ node }) => (
                <tr key={node.id}>
                  <th scope="row">
                    <Link href={`/runs/${encodeURIComponent(node.id)}`}>{node.name ?? words(node.kind)}</Link>
                  </th>
                  <td>
                    <State state={node.state} /> {isUnderway(node.state) && percent(node.progress.fraction, 0)}
                    {node.failure && <code> {node.failure.code}</code>}
                  </td>
                  <td>{node.model?.name}</td>
                  <td>{node.dataset?.name}</td>
                  <td>{node.tasks.join(', ')}</td>
                  <td>{time(node.createdAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="controls">
        <button type="button" disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          Newer
        </button>
        <button
          type="button"
          disabled={!runs?.pageInfo.hasNextPage}
          onClick={() => setCursors([...cursors, runs!.pageInfo.endCursor!])}
        >
          Older
        </button>
      </div>
    </>
  );
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
