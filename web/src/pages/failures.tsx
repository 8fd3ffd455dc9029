import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useChoices } from '../parts/choose.tsx';
import { useCures } from '../parts/failure.tsx';
import { HeadRow } from '../parts/head-row.tsx';

/** What can go wrong: what each code means and what to do about it; of the one that the address names, or of all. */
export function Failures(): ReactNode {
  const [choice] = useChoices();
  const code = choice('code');
  const cures = useCures();
  const known = code === undefined ? undefined : cures.get(code);
  const shown = known === undefined ? [...cures.values()] : [known];
  return (
    <>
      <h1>{known?.code ?? 'Failures'}</h1>
      {code !== undefined && known === undefined && cures.size > 0 && (
        <p className="lead">This gateway knows no failure {code}: it may be one of another version.</p>
      )}
      {known === undefined ? (
        <table className="list">
          <caption>{shown.length} kinds of failures</caption>
          <HeadRow names={['code', 'what is wrong', 'what to do', 'the same again']} />
          <tbody>
            {shown.map(({ code: name, cause, cure, retryable }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>{cause}</td>
                <td data-head="what to do">{cure}</td>
                <td data-head="the same again">{retryable ? 'may succeed' : 'fails again'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <>
          <p className="lead">{known.cause}</p>
          <p>{known.cure}</p>
          <p>{known.retryable ? 'The same again may succeed.' : 'The same again fails again.'}</p>
          <p>
            <Link href="/failures">All kinds of failures</Link>
          </p>
        </>
      )}
    </>
  );
}
