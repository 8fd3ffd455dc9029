import type { ReactNode } from 'react';
import { percent } from '../format.ts';

export interface OverlapPair {
  readonly task: string;
  readonly other: string;
  readonly shared: number;
  readonly jaccard: number | null;
  readonly byChance: number;
}

interface Props {
  readonly caption: string;
  readonly tasks: readonly { readonly task: string; readonly kept: readonly number[] }[];
  readonly pairs: readonly OverlapPair[];
}

/** How many filters two tasks share, and what share that is of those that either uses: a table, read by screens and screen readers. */
export function Overlap({ caption, tasks, pairs }: Props): ReactNode {
  const found = new Map(
    pairs.flatMap((pair) => [
      [`${pair.task} ${pair.other}`, pair],
      [`${pair.other} ${pair.task}`, pair],
    ]),
  );
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="heat">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">task</th>
            {tasks.map(({ task }) => (
              <th key={task} scope="col">
                {task}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tasks.map(({ task, kept }) => (
            <tr key={task}>
              <th scope="row">{task}</th>
              {tasks.map(({ task: other }) => {
                const pair = found.get(`${task} ${other}`);
                return pair === undefined ? (
                  <td key={other} className="shared self">
                    {kept.length} <small>its own</small>
                  </td>
                ) : (
                  <td
                    key={other}
                    className="shared"
                    style={{ '--shade': (pair.jaccard ?? 0).toFixed(3) } as Record<string, string>}
                    title={`${pair.shared} shared; ${pair.byChance.toFixed(1)} would be by chance`}
                  >
                    {pair.shared}{' '}
                    <small>{pair.jaccard === null ? 'none used' : `${percent(pair.jaccard, 0)} of either`}</small>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
