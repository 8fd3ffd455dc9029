import type { ReactNode } from 'react';

export interface Bar {
  readonly name: string;
  readonly whole: number;
  /** What is left of it; all when absent. */
  readonly part?: number | undefined;
  readonly text: string;
  readonly note?: string | null | undefined;
}

/** What layers have or take, before and after: a table whose bars are drawn behind its figures. */
export function Bars({ caption, bars }: { readonly caption: string; readonly bars: readonly Bar[] }): ReactNode {
  const most = Math.max(...bars.map(({ whole }) => whole)) || 1;
  return (
    <div className="scroll">
      <table className="bars">
        <caption>{caption}</caption>
        <tbody>
          {bars.map(({ name, whole, part = whole, text, note }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <div className="bar" style={{ width: `${(100 * whole) / most}%` }}>
                  <div style={{ width: `${whole === 0 ? 0 : (100 * part) / whole}%` }} />
                </div>
              </td>
              <td className="figure">{text}</td>
              <td className="quiet">{note}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
