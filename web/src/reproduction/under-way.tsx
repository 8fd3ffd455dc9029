import { CancelRunDocument, ENDED } from '@kneepoint/client';
import { type Position, positionIn } from '@kneepoint/reproduction';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useChange } from '../ask.tsx';
import { percent, time, words } from '../format.ts';
import type { RunsOfReproductionQuery } from '../generated/graphql.ts';
import { isUnderway, State } from '../pages/runs.tsx';
import { Problem } from '../parts/problem.tsx';
import { HeadRow } from '../parts/head-row.tsx';

type Run = RunsOfReproductionQuery['runs']['edges'][number]['node'];

interface Props {
  readonly name: string;
  /** Newest first. */
  readonly runs: readonly Run[];
  readonly total: number;
  /** What the newest one says of where it stands. */
  readonly metadata: unknown;
}

/** Whether the results are kept, and nothing was launched since. */
export function isFinished([newest]: readonly Run[]): boolean {
  return newest?.kind === 'REPRODUCTION' && newest.state === 'SUCCEEDED';
}

/** A reproduction that has not come to its end: how far it is, what is left, and every run of it. */
export function UnderWay({ name, runs, total, metadata }: Props): ReactNode {
  const open = runs.filter(({ state }) => !ENDED.has(state));
  const position = positionIn(metadata);
  return (
    <section aria-label={`${name}, under way`}>
      <h2>{open.length > 0 ? 'Under way' : 'Not at its end'}</h2>
      {position && <Stage position={position} current={open[0]} />}
      {open.length === 0 && (
        <p className="quiet">
          No run is open at this moment: the command computes between two runs, or was ended. The same command goes on
          from here.
        </p>
      )}
      <Cancel open={open} />
      {position && position.left.length > 0 && (
        <details>
          <summary>{position.of - position.number} stages to come</summary>
          <ol start={position.number + 1}>
            {position.left.map((stage, at) => (
              <li key={`${at} ${stage}`}>{stage}</li>
            ))}
          </ol>
        </details>
      )}
      <RunTable name={name} runs={runs} total={total} />
    </section>
  );
}

function Stage({ position, current }: { readonly position: Position; readonly current: Run | undefined }): ReactNode {
  const { stage, number, of } = position;
  // Stages take more or less time: this is how many are done, not how long the rest takes.
  const done = (number - 1 + (current?.progress.fraction ?? 0)) / of;
  return (
    <>
      <progress max={1} value={done} aria-label="Share of the stages that are done" />
      <p>
        Stage {number} of {of}: {stage}
        {current && ` · ${percent(current.progress.fraction, 0)} of its run`}
        {current?.progress.current && ` · ${current.progress.current}`}
      </p>
    </>
  );
}

function Cancel({ open }: { readonly open: readonly Run[] }): ReactNode {
  const queries = useQueryClient();
  const cancel = useChange(async (gateway, ids: readonly string[]) => {
    for (const id of ids) await gateway.mutate(CancelRunDocument.toString(), { id });
    await queries.invalidateQueries();
  });
  const ids = open.filter(({ state }) => state !== 'CANCELING').map(({ id }) => id);
  if (ids.length === 0 && cancel.error === null) return null;
  return (
    <div className="controls">
      {ids.length > 0 && (
        <button type="button" disabled={cancel.isPending} onClick={() => cancel.mutate(ids)}>
          Cancel what is open
        </button>
      )}
      {cancel.error && <Problem error={cancel.error} />}
    </div>
  );
}

function RunTable({ name, runs, total }: Omit<Props, 'metadata'>): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Runs of it">
      <table className="list">
        <caption>
          {total === runs.length
            ? `${total} ${total === 1 ? 'run' : 'runs'}`
            : `The newest ${runs.length} of ${total} runs`}
          , newest first ·{' '}
          <Link href={`/runs?${new URLSearchParams({ label: `reproduction=${name}` })}`}>in the list of all</Link>
        </caption>
        <HeadRow names={['run', 'state', 'kind', 'begun']} />
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <th scope="row">
                <Link href={`/runs/${encodeURIComponent(run.id)}`}>{stageIn(run, name)}</Link>
              </th>
              <td>
                <State state={run.state} /> {isUnderway(run.state) && percent(run.progress.fraction, 0)}
                {run.reused && 'found'} {run.failure && <code>{run.failure.code}</code>}
              </td>
              <td>{words(run.kind)}</td>
              <td>{time(run.createdAt)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Runs are called by the reproduction and by its stage. */
function stageIn({ name: called, kind }: Run, name: string): string {
  const stage = called?.startsWith(`${name}: `) ? called.slice(name.length + 2) : called;
  return stage ?? words(kind);
}
