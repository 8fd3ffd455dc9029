import type { Report } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { bytes, count } from '../format.ts';
import { Table } from '../parts/table.tsx';
import { Curves } from './curves.tsx';
import type { Extras } from './facts.ts';
import { Result } from './result.tsx';

/** A whole report: what was asked, every network that came of it, and what it takes to do it again. */
export function ReportView({ report, extras }: { readonly report: Report; readonly extras: Extras }): ReactNode {
  const { run, model, dataset, tasks } = report;
  return (
    <>
      <h1>{run.name ?? `${model.name} for ${tasks.map(({ name }) => name).join(', ')}`}</h1>
      <p className="quiet">
        {model.name} on {dataset.name}, {count(dataset.images)} images · {utc(report.createdAt)}
        {run.createdBy !== null && ` · ${run.createdBy}`}
        {Object.entries(run.labels).map(([key, value]) => ` · ${key}: ${value}`)}
      </p>
      <ReportBody report={report} extras={extras} />
    </>
  );
}

/** The same below a heading that is there already. */
export function ReportBody({ report, extras }: { readonly report: Report; readonly extras: Extras }): ReactNode {
  return (
    <>
      {report.results.map((result) => (
        <Result key={result.label} result={result} report={report} extras={extras} />
      ))}
      <Curves report={report} extras={extras} />
      <Origin report={report} />
    </>
  );
}

/** What it takes to understand a report and to do it again. */
function Origin({ report }: { readonly report: Report }): ReactNode {
  const { model, dataset, split, tasks, command, kneepoint, results, run } = report;
  const { machine, provider } = results[0]!.measured;
  return (
    <section className="card">
      <h2>Where it comes from</h2>
      <Table
        caption={`Partitions: split by ${split.by}${split.given === null ? `, seed ${split.seed}` : `, as the data set has it (${split.given})`}`}
        head={['', 'images', 'what for']}
        rows={[
          ['training', split.train, 'weights are fitted'],
          ['validation', split.validation, 'everything is chosen'],
          ['test', split.test, 'judged once'],
        ]}
        words={[2]}
      />
      <Table
        caption="Tasks"
        head={['task', 'kind', 'answers']}
        rows={tasks.map(({ name, type, classes, targets, unit }) => [
          name,
          type,
          (classes ?? targets).slice(0, 20).join(', ') + (unit === null ? '' : ` in ${unit}`),
        ])}
        words={[1, 2]}
      />
      <dl className="facts">
        <dt>Network</dt>
        <dd>
          {model.name}, {bytes(model.bytes)}, <code>{model.sha256}</code>
          {model.license !== null && `, license ${model.license}`}
          {model.author !== null && `, by ${model.author}`}
        </dd>
        <dt>Data set</dt>
        <dd>
          {dataset.name}, {dataset.images} images, <code>{dataset.sha256}</code>
          {dataset.subject !== null && `, kept together by ${dataset.subject}`}
        </dd>
        <dt>Measured on</dt>
        <dd>
          {machine.cpu}, {machine.cores} cores, {machine.platform}, Node.js {machine.node}, ONNX Runtime{' '}
          {machine.onnxruntime}, {provider}
        </dd>
        <dt>Run</dt>
        <dd>
          <code>{run.id}</code>, Kneepoint {kneepoint}
        </dd>
        {command !== null && (
          <>
            <dt>The same again</dt>
            <dd>
              <code>{command}</code>
            </dd>
          </>
        )}
      </dl>
      {dataset.notes.length > 0 && (
        <ul className="quiet">
          {dataset.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The same wherever it is read. */
function utc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
