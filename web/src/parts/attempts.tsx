import { type ReactNode, useState } from 'react';
import { useAsk } from '../ask.tsx';
import { duration, time, words } from '../format.ts';
import { RunAttemptsDocument } from '../generated/graphql.ts';
import { Problem } from './problem.tsx';

const MOST = 100;

/** Every try at every step of a run; asked for once somebody opens it. */
export function Attempts({ id }: { readonly id: string }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useAsk(RunAttemptsDocument, { id, first: MOST }, { enabled: isOpen });
  const attempts = data?.run?.attempts;
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Attempts</summary>
      {error && <Problem error={error} />}
      {attempts && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Attempts">
          <table className="list">
            <caption>
              {attempts.totalCount} tries at steps, oldest first
              {attempts.totalCount > MOST && `; the first ${MOST}`}
            </caption>
            <thead>
              <tr>
                {['begun', 'took', 'worker', 'outcome'].map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {attempts.edges.map(({ node: { number, worker, outcome, startedAt, endedAt, failure } }) => (
                <tr key={`${startedAt} ${worker} ${number}`}>
                  <th scope="row">{time(startedAt)}</th>
                  <td>{endedAt === null ? '' : duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)}</td>
                  <td>{worker}</td>
                  <td>
                    {outcome === null ? 'goes on' : words(outcome)}
                    {number > 1 && ` (try ${number})`}
                    {failure && (
                      <>
                        : <code>{failure.code}</code> {failure.message}
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
