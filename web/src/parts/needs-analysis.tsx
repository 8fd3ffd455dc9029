import { KneepointError, LaunchAnalysisDocument } from '@kneepoint/client';
import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { useChange } from '../ask.tsx';
import { Allowed } from '../identity/allowed.tsx';
import { Problem } from './problem.tsx';

interface Props {
  readonly error: Error;
  readonly model: string | undefined;
  readonly dataset: string | undefined;
}

/** Where a network was not analysed on a data set yet: what that takes, and a button that begins it. */
export function NeedsAnalysis({ error, model, dataset }: Props): ReactNode {
  const isMissing = error instanceof KneepointError && error.code === 'ANALYSIS_MISSING';
  if (!isMissing || model === undefined || dataset === undefined) return <Problem error={error} />;
  return <AnalyseFirst model={model} dataset={dataset} />;
}

interface AnalyseProps {
  readonly model: string;
  readonly dataset: string;
  /** Of the network, where there are several. */
  readonly name?: string;
}

export function AnalyseFirst({ model, dataset, name }: AnalyseProps): ReactNode {
  const [, go] = useLocation();
  const launch = useChange((gateway, input: { model: string; dataset: string }) =>
    gateway.mutate(LaunchAnalysisDocument.toString(), { input }),
  );
  return (
    <div className="empty">
      <h2>Not analysed yet</h2>
      <p>The network has to see the images of this data set once; all tasks are read from what its layers answer.</p>
      <Allowed least="OPERATOR" what="Analysing it">
        <button
          type="button"
          disabled={launch.isPending}
          onClick={() =>
            launch.mutate(
              { model, dataset },
              {
                onSuccess: (payload) => go(`/runs/${encodeURIComponent((payload as { run: { id: string } }).run.id)}`),
              },
            )
          }
        >
          Analyse {name ?? 'it'}
        </button>
      </Allowed>
      {launch.error && <Problem error={launch.error} />}
    </div>
  );
}
