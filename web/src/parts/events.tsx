import { type ReactNode, useState } from 'react';
import { useAskPages } from '../ask.tsx';
import { duration, moment, words } from '../format.ts';
import { RunEventsDocument, type RunEventsQuery, type RunState } from '../generated/graphql.ts';
import { FailureCode, useCures } from './failure.tsx';
import { Problem } from './problem.tsx';
import { HeadRow } from './head-row.tsx';

type Attempt = NonNullable<RunEventsQuery['run']>['attempts']['edges'][number]['node'];

interface Props {
  readonly run: {
    readonly id: string;
    readonly state: RunState;
    readonly createdAt: string;
    readonly createdBy: string | null;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly reused: boolean;
  };
  readonly isOver: boolean;
}

const PAGE = 100;
const EVERY_MS = 3_000;
const NO_PAGE = { edges: [], pageInfo: { hasNextPage: false, endCursor: null } };

/** What happened to a run, oldest first: who launched it, every try at every step, how it ended. Asked for once somebody opens it. */
export function Events({ run, isOver }: Props): ReactNode {
  const hasFailed = run.state === 'FAILED' || run.state === 'TIMED_OUT';
  const [isOpen, setOpen] = useState(hasFailed);
  const [onlyTrouble, setOnlyTrouble] = useState(false);
  const asked = useAskPages(
    RunEventsDocument,
    { id: run.id, first: PAGE },
    {
      pageOf: (data: RunEventsQuery) => data.run?.attempts ?? NO_PAGE,
      enabled: isOpen,
      ...(isOver ? {} : { every: EVERY_MS }),
    },
  );
  const attempts = asked.data?.pages.flatMap((page) => page.run?.attempts.edges.map(({ node }) => node) ?? []);
  const total = asked.data?.pages[0]?.run?.attempts.totalCount ?? 0;
  const isTrouble = ({ outcome, number }: Attempt): boolean =>
    number > 1 || (outcome !== null && outcome !== 'SUCCEEDED');
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Events</summary>
      {asked.error && <Problem error={asked.error} />}
      {attempts && (
        <>
          <label className="goal">
            <input type="checkbox" checked={onlyTrouble} onChange={({ target }) => setOnlyTrouble(target.checked)} />
            Only what went wrong or was tried again
          </label>
          <div className="scroll" tabIndex={0} role="region" aria-label="Events">
            <table className="list">
              <caption>
                {total} {total === 1 ? 'try at a step' : 'tries at steps'}, oldest first
                {attempts.length < total && `; the first ${attempts.length}`}
              </caption>
              <HeadRow names={['when', 'what', 'worker', 'took', 'outcome']} />
              <tbody>
                <Row when={run.createdAt} what={`launched${run.createdBy === null ? '' : ` by ${run.createdBy}`}`} />
                {run.reused && run.startedAt === null && <Row when={run.createdAt} what="every step was found done" />}
                {attempts
                  .filter((attempt) => !onlyTrouble || isTrouble(attempt))
                  .map((attempt) => (
                    <AttemptRow key={`${attempt.step} ${attempt.number}`} attempt={attempt} />
                  ))}
                {run.endedAt !== null && !asked.hasNextPage && (
                  <Row when={run.endedAt} what={`ended: ${words(run.state)}`} />
                )}
              </tbody>
            </table>
          </div>
          {asked.hasNextPage && (
            <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
              Show more
            </button>
          )}
        </>
      )}
    </details>
  );
}

function Row({ when, what }: { readonly when: string; readonly what: string }): ReactNode {
  return (
    <tr>
      <th scope="row">{moment(when)}</th>
      <td colSpan={4}>{what}</td>
    </tr>
  );
}

/** What became of a try, where its name in the API does not say it to people. */
const OUTCOMES: Readonly<Record<NonNullable<Attempt['outcome']>, string>> = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  CANCELED: 'canceled',
  HANDED_BACK: 'given back by a worker that was told to stop',
  LOST: 'lost: its worker fell silent',
  TIMED_OUT: 'took longer than it may',
};

function AttemptRow({ attempt }: { readonly attempt: Attempt }): ReactNode {
  const { step, number, worker, outcome, startedAt, endedAt, failure } = attempt;
  const cures = useCures();
  const cure = failure === null ? undefined : cures.get(failure.code)?.cure;
  return (
    <tr>
      <th scope="row">{moment(startedAt)}</th>
      <td>
        {step}
        {number > 1 && <small> try {number}</small>}
      </td>
      <td className="quiet">{worker}</td>
      <td>{endedAt === null ? '' : duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)}</td>
      <td>
        {outcome === null ? 'goes on' : OUTCOMES[outcome]}
        {failure && (
          <>
            : <FailureCode code={failure.code} /> {failure.message}
            {failure.where !== null && <span className="quiet"> ({failure.where})</span>}
            {(failure.fix ?? cure) !== undefined && <small className="cure">{failure.fix ?? cure}</small>}
          </>
        )}
      </td>
    </tr>
  );
}
