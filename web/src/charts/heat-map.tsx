import type { ReactNode } from 'react';

export interface HeatCell {
  /** What stands in the cell. */
  readonly text: string;
  /** Smaller, below it. */
  readonly detail?: string;
  readonly title: string;
  /** 0: as bad as guessing; 1: the best of the column. */
  readonly shade: number;
  /** The network was made for this task. */
  readonly own: boolean;
  readonly onOpen?: () => void;
}

interface Props {
  readonly caption: string;
  readonly columns: readonly string[];
  /** What stands in the cells of each, below its name. */
  readonly measures: readonly (string | undefined)[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly (HeatCell | null)[] }[];
}

/** Rows and columns as a table: what is read by a screen is read by a screen reader too. */
export function HeatMap({ caption, columns, measures, rows }: Props): ReactNode {
  return (
    <div className="scroll">
      <table className="heat">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">network</th>
            {columns.map((column, at) => (
              <th key={column} scope="col">
                {column} {measures[at] !== undefined && <small>{measures[at]}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, cells }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map((cell, at) =>
                cell === null ? (
                  <td key={columns[at]} className="none" title="not analysed">
                    –
                  </td>
                ) : (
                  <td
                    key={columns[at]}
                    className={cell.own ? 'own' : undefined}
                    style={{ '--shade': cell.shade.toFixed(3) } as Record<string, string>}
                    title={cell.title}
                  >
                    <button
                      type="button"
                      onClick={cell.onOpen}
                      aria-label={`${name}, ${columns[at]}: ${[cell.text, cell.detail].join(' ').trim()}; ${cell.title}`}
                    >
                      {cell.text} {cell.detail !== undefined && <small>{cell.detail}</small>}
                    </button>
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
