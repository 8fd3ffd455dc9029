import type { ReactNode } from 'react';
import { HeadRow } from './head-row.tsx';

interface Props {
  readonly caption: ReactNode;
  readonly head: readonly string[];
  /** The first cell of each names it; numbers stand at the right. */
  readonly rows: readonly (readonly ReactNode[])[];
  /** The row that matters most. */
  readonly strong?: number;
  /** Columns of words, which stand at the left. */
  readonly words?: readonly number[];
}

/** Figures in rows, which scroll by themselves where a screen is narrow. */
export function Table({ caption, head, rows, strong, words = [] }: Props): ReactNode {
  return (
    <div className="scroll">
      <table className="figures">
        <caption>{caption}</caption>
        <HeadRow names={head} classOf={(at) => (words.includes(at) ? 'words' : undefined)} />
        <tbody>
          {rows.map(([name, ...cells], row) => (
            <tr key={`${row}`} className={row === strong ? 'strong' : undefined}>
              <th scope="row">{name}</th>
              {cells.map((cell, at) => (
                <td key={`${at}`} className={words.includes(at + 1) ? 'words' : undefined}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
