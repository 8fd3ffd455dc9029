import { LABEL } from '@kneepoint/reproduction';
import { type ReactNode, useMemo } from 'react';
import { useAsk } from '../ask.tsx';
import { time } from '../format.ts';
import {
  RecentLabelsDocument,
  ReproductionsDocument,
  type ReproductionsQuery,
  RunsOfReproductionDocument,
} from '../generated/graphql.ts';
import { Choose, useChoices } from '../parts/choose.tsx';
import { Empty, Problem } from '../parts/problem.tsx';
import { KeptResult } from '../reproduction/kept-result.tsx';
import { isFinished, UnderWay } from '../reproduction/under-way.tsx';

type Kept = ReproductionsQuery['runs']['edges'][number]['node'];

const MOST = 100;
const EVERY_MS = 3_000;
const SELDOM_MS = 10_000;

/** The paper's claims, figures and tables on data of this gateway: while they are made, and as they came out. */
export function Reproduction(): ReactNode {
  const [choice, choose] = useChoices();
  const kept = useAsk(ReproductionsDocument, { first: MOST }, { every: SELDOM_MS });
  const recent = useAsk(RecentLabelsDocument, { first: MOST }, { every: SELDOM_MS });
  const finished = useMemo(() => kept.data?.runs.edges.map(({ node }) => node) ?? [], [kept.data]);
  const names = useMemo(() => {
    const begun = (recent.data?.runs.edges ?? []).flatMap(({ node }) => nameIn(node.labels) ?? []);
    return [...new Set([...begun, ...finished.map(nameOf)])];
  }, [recent.data, finished]);
  const linked = finished.find(({ id }) => id === choice('run'));
  const name = linked ? nameOf(linked) : (choice('name') ?? names[0]);
  const runs = useAsk(
    RunsOfReproductionDocument,
    { name: name ?? '', first: MOST },
    { enabled: name !== undefined, every: EVERY_MS },
  );
  const error = kept.error ?? recent.error ?? runs.error;
  if (error) return <Problem error={error} />;
  if (kept.data === undefined || recent.data === undefined) return <p className="quiet">Asking for reproductions…</p>;
  if (name === undefined) return <Begin />;
  const ofName = finished.filter((one) => nameOf(one) === name);
  const shown = linked ?? ofName[0];
  const begun = runs.data?.runs.edges.map(({ node }) => node) ?? [];
  return (
    <>
      <h1>Reproduction</h1>
      <Lead />
      <div className="controls">
        <Choose
          label="Reproduction"
          value={name}
          options={[...new Set([...names, name])].map((one) => ({ value: one, text: one }))}
          onChoose={(next) => choose({ name: next, run: '' })}
        />
        {ofName.length > 1 && (
          <Choose
            label="Made"
            value={shown?.id}
            options={ofName.map(({ id, createdAt }) => ({ value: id, text: time(createdAt) }))}
            onChoose={(run) => choose({ run })}
          />
        )}
      </div>
      {begun.length > 0 && !isFinished(begun) && (
        <UnderWay
          name={name}
          runs={begun}
          total={runs.data?.runs.totalCount ?? begun.length}
          metadata={runs.data?.newest.edges[0]?.node.metadata}
        />
      )}
      {shown && <KeptResult id={shown.id} />}
      {runs.data !== undefined && begun.length === 0 && shown === undefined && (
        <p className="quiet">Nothing is called “{name}” here.</p>
      )}
    </>
  );
}

function Lead(): ReactNode {
  return (
    <p className="lead">
      What <a href="https://arxiv.org/abs/1901.02675">Low-Cost Transfer Learning of Face Tasks</a> claims, and whether
      it holds on these data. Every claim, figure and table follows from the results alone.
    </p>
  );
}

function Begin(): ReactNode {
  return (
    <>
      <h1>Reproduction</h1>
      <Lead />
      <Empty title="None yet">
        <p>
          This draws faces, trains networks for seven tasks and goes through the paper with them; <code>--quick</code>{' '}
          is a share of it, in minutes:
        </p>
        <p>
          <code>kneepoint reproduce --quick</code>
        </p>
        <p>On labelled images and networks of your own:</p>
        <p>
          <code>kneepoint reproduce --data FOLDER --model FILE</code>
        </p>
      </Empty>
    </>
  );
}

function nameIn(labels: Kept['labels']): string | undefined {
  return labels.find(({ key }) => key === LABEL)?.value;
}

function nameOf({ labels, name, id }: Kept): string {
  return nameIn(labels) ?? name ?? id;
}
