import { type KneepointClient, KneepointError } from '@kneepoint/client';
import type { Report } from '@kneepoint/workflow/report';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useGateway } from '../ask.tsx';
import { CurvesDocument, type CurvesQuery } from '../generated/graphql.ts';
import { Problem } from '../parts/problem.tsx';
import { type Extras, NO_EXTRAS } from './facts.ts';
import { ReportBody } from './report-view.tsx';

interface Props {
  readonly file: { readonly sha256: string; readonly downloadUrl: string };
}

/** What came of a run, read from its report, which is the same for ever. */
export function RunReport({ file }: Props): ReactNode {
  const gateway = useGateway();
  const report = useQuery({
    queryKey: ['report', file.sha256],
    queryFn: ({ signal }) => gateway.downloadJson<Report>(file, { signal }),
    staleTime: Infinity,
  });
  const curves = useQuery({
    queryKey: ['curves of report', file.sha256],
    queryFn: ({ signal }) => curvesOf(gateway, report.data!, signal),
    enabled: report.data !== undefined,
    staleTime: Infinity,
  });
  if (report.error) return <Problem error={report.error} />;
  if (report.data === undefined) return <p className="quiet">Reading the report…</p>;
  const extras = { ...NO_EXTRAS, curves: curves.data ?? [] };
  return (
    <>
      <SaveReport report={report.data} extras={extras} />
      <ReportBody report={report.data} extras={extras} />
    </>
  );
}

/** The same as one file, made here: nothing is asked of the server for it. */
function SaveReport({ report, extras }: { readonly report: Report; readonly extras: Extras }): ReactNode {
  const [error, setError] = useState<Error | null>(null);
  const save = async (): Promise<void> => {
    const { renderReport } = await import('./render.tsx');
    const { html } = renderReport(report, extras);
    const address = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = 'report.html';
    link.click();
    // The browser reads it when it is about to save.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return (
    <div className="controls">
      <button type="button" onClick={() => void save().catch((failed: Error) => setError(failed))}>
        Report as a file
      </button>
      {error && <Problem error={error} />}
    </div>
  );
}

/** Curves are no part of a report; a network that was deleted has none any more. */
async function curvesOf(gateway: KneepointClient, report: Report, signal: AbortSignal): Promise<Extras['curves']> {
  const { model, dataset, tasks } = report;
  const ask = async (task: string): Promise<Extras['curves']> => {
    const about = { model: model.id, dataset: dataset.id, task };
    try {
      const found = await gateway.query<CurvesQuery, typeof about>(CurvesDocument.toString(), about, { signal });
      return [{ task, layers: found.characteristicCurves }];
    } catch (error) {
      if (error instanceof KneepointError && !error.retryable) return [];
      throw error;
    }
  };
  if (model.id === null || dataset.id === null) return [];
  return (await Promise.all(tasks.map(({ name }) => ask(name)))).flat();
}
