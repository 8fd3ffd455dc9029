import {
  type Claim,
  claimsOf,
  type Figure,
  figuresOf,
  type Reproduction,
  type Table as Rows,
  tablesOf,
  type Verdict,
  VERDICTS,
} from '@kneepoint/reproduction';
import { useQuery } from '@tanstack/react-query';
import { type MouseEvent, type ReactNode, useMemo } from 'react';
import { useAsk, useGateway } from '../ask.tsx';
import { bytes, time } from '../format.ts';
import { ReproductionDetailDocument, type ReproductionDetailQuery } from '../generated/graphql.ts';
import { Problem } from '../parts/problem.tsx';
import { HeadRow } from '../parts/head-row.tsx';

type Kept = NonNullable<NonNullable<ReproductionDetailQuery['run']>['reproduction']>;

/** What a reproduction found: claims first, then figures and tables, all of them made here of its results. */
export function KeptResult({ id }: { readonly id: string }): ReactNode {
  const gateway = useGateway();
  const asked = useAsk(ReproductionDetailDocument, { id });
  const run = asked.data?.run;
  const kept = run?.reproduction;
  const results = useQuery({
    queryKey: ['reproduction', kept?.results.sha256],
    queryFn: ({ signal }) => gateway.downloadJson<Reproduction>(kept!.results, { signal }),
    enabled: kept !== undefined && kept !== null,
    staleTime: Infinity,
  });
  const error = asked.error ?? results.error;
  if (error) return <Problem error={error} />;
  if (asked.data !== undefined && !kept) return <p className="quiet">These results are not there any more.</p>;
  if (!run || !kept || results.data === undefined) return <p className="quiet">Reading the results…</p>;
  return <Result kept={kept} results={results.data} createdAt={run.createdAt} />;
}

interface ResultProps {
  readonly kept: Kept;
  readonly results: Reproduction;
  readonly createdAt: string;
}

function Result({ kept, results, createdAt }: ResultProps): ReactNode {
  const { claims, figures, tables } = useMemo(
    () => ({ claims: claimsOf(results), figures: figuresOf(results), tables: tablesOf(results) }),
    [results],
  );
  const isQuick = results.profile.name === 'quick';
  return (
    <>
      <p className="quiet">
        {results.networks.length} networks on {results.images} images of {results.data} · {time(createdAt)} ·{' '}
        {results.machine}
        {isQuick && ' · a quick share: too few faces and epochs for its figures to say much'}
      </p>
      <Claims claims={claims} figures={figures} />
      <h2>Figures</h2>
      {figures.map((figure) => (
        <Drawn
          key={figure.name}
          figure={figure}
          claims={claims.filter((claim) => claim.figure === figure.name)}
          file={kept.figures.find(({ name }) => name === figure.name)?.file.downloadUrl}
        />
      ))}
      <h2>Tables</h2>
      {tables.map((table) => (
        <Folded key={table.title} table={table} />
      ))}
      <h2>Files</h2>
      <ul>
        {(
          [
            ['results.json', kept.results],
            ['reproduction.md', kept.page],
          ] as const
        ).map(([name, file]) => (
          <li key={name}>
            <a href={file.downloadUrl} download={name}>
              {name}
            </a>{' '}
            {bytes(file.bytes)} <code className="quiet">{file.sha256.slice(0, 12)}</code>
          </li>
        ))}
      </ul>
    </>
  );
}

const STATES: Readonly<Record<Verdict, string>> = {
  holds: 'state succeeded',
  'does not hold here': 'state failed',
  'cannot be told': 'state',
};

/** Of several claims. */
const PLURAL: Readonly<Record<Verdict, string>> = {
  holds: 'hold',
  'does not hold here': 'do not hold here',
  'cannot be told': 'cannot be told',
};

function Claims({ claims, figures }: { readonly claims: readonly Claim[]; readonly figures: readonly Figure[] }) {
  const counts = VERDICTS.map((verdict) => ({
    verdict,
    count: claims.filter((claim) => claim.verdict === verdict).length,
  })).filter(({ count }) => count > 0);
  return (
    <>
      <h2>
        Of {claims.length} claims{' '}
        {counts.map(({ verdict, count }) => `${count} ${count === 1 ? verdict : PLURAL[verdict]}`).join(', ')}
      </h2>
      <ul className="claims" aria-label="Claims of the paper">
        {claims.map(({ place, claim, verdict, said, figure }) => (
          <li key={claim}>
            <div>
              {claim} <small>{place}</small>
            </div>
            <div>
              <span className={STATES[verdict]}>{verdict}</span>
            </div>
            <div>
              {said} <Shown figure={figures.find(({ name }) => name === figure)} />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Leads to a figure further down: the address carries the page behind its #, so the usual link would lead elsewhere. */
function Shown({ figure }: { readonly figure: Figure | undefined }): ReactNode {
  if (figure === undefined) return null;
  const show = (event: MouseEvent): void => {
    event.preventDefault();
    const place = document.getElementById(idOf(figure));
    place?.scrollIntoView();
    place?.focus();
  };
  return (
    <a href={`#${idOf(figure)}`} onClick={show} aria-label={`${figure.paper}: ${figure.title}`}>
      {figure.paper}
    </a>
  );
}

const idOf = ({ name }: Figure): string => `figure-${name}`;

interface DrawnProps {
  readonly figure: Figure;
  readonly claims: readonly Claim[];
  readonly file: string | undefined;
}

function Drawn({ figure, claims, file }: DrawnProps): ReactNode {
  const { name, paper, title, svg } = figure;
  return (
    <figure className="curve drawn" id={idOf(figure)} tabIndex={-1}>
      <figcaption>
        <strong>{paper}</strong>
        {file !== undefined && (
          <a href={file} download={`${name}.svg`} aria-label={`${title} as SVG`}>
            SVG
          </a>
        )}
      </figcaption>
      <div className="scroll" tabIndex={0} role="region" aria-label={title}>
        <img src={`data:image/svg+xml,${encodeURIComponent(svg)}`} alt={title} />
      </div>
      {claims.map(({ claim, verdict, said }) => (
        <p key={claim}>
          {claim}: <span className={STATES[verdict]}>{verdict}</span> {said}
        </p>
      ))}
    </figure>
  );
}

const FIGURE = /^[−\d]/;

function Folded({ table: { title, note, head, rows } }: { readonly table: Rows }): ReactNode {
  const isWords = head.map((_, at) => !rows.some((row) => FIGURE.test(row[at] ?? '')));
  const place = (at: number): string | undefined => (isWords[at] ? 'words' : undefined);
  return (
    <details>
      <summary>{title}</summary>
      {note !== null && <p className="quiet">{note}</p>}
      <div className="scroll" tabIndex={0} role="region" aria-label={title}>
        <table className="figures">
          <HeadRow names={head} classOf={place} />
          <tbody>
            {rows.map((row, at) => (
              <tr key={at}>
                {row.map((cell, column) =>
                  column === 0 ? (
                    <th key={column} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={column} className={place(column)}>
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
