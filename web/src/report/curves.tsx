import type { Report } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { AllLayers } from '../charts/all-layers.tsx';
import { Curve } from '../charts/curve.tsx';
import { type Extras, unitOf } from './facts.ts';
import { curvesOf } from './figures.tsx';
import { Section } from './section.tsx';

/** Layers × tasks of which each has a chart of its own; of more, those of a task are drawn in one. */
const MOST_CHARTS = 200;

interface Props {
  readonly report: Report;
  readonly extras: Extras;
}

/** The curves that the cuts rest on: those of the whole network, which all its results share, so each is drawn once. */
export function Curves({ report, extras }: Props): ReactNode {
  const tasks = extras.curves.filter(({ layers }) => layers.length > 0);
  const charts = tasks.reduce((sum, { layers }) => sum + layers.length, 0);
  if (charts === 0) return null;
  return (
    <article className="card result" aria-label="Curves">
      <h2>Curves</h2>
      <p className="quiet">
        Error of a linear probe against how many filters of a layer it may use; marked is what is left of the layer.
      </p>
      {tasks.map(({ task }) => (
        <OfTask key={task} task={task} report={report} extras={extras} isMany={charts > MOST_CHARTS} />
      ))}
    </article>
  );
}

function OfTask({ task, report, extras, isMany }: Props & { readonly task: string; readonly isMany: boolean }) {
  const results = report.results.filter(({ tasks }) => tasks.some((one) => one.task === task));
  const { curves, range } = curvesOf(results, extras, task);
  const [only, ...others] = results;
  const title = `Curves of ${task}${unitOf(report, task)}`;
  return (
    <Section title={title}>
      {others.length > 0 && <p className="quiet">Left in turn: {results.map(({ label }) => label).join(', ')}.</p>}
      {isMany ? (
        <AllLayers
          title={title}
          lines={curves.map(({ title: layer, points }) => ({ layer, points }))}
          knees={curves.map(({ kept }) => (only !== undefined && others.length === 0 ? kept[0] : undefined))}
          range={range}
        />
      ) : (
        <div className="multiples">
          {curves.map(({ title: layer, points, kept }) => (
            <Curve
              key={layer}
              title={layer}
              points={points}
              {...(kept.length > 1 ? { marks: kept.map((left) => left ?? 0) } : { knee: kept[0] })}
              range={range}
            />
          ))}
        </div>
      )}
    </Section>
  );
}
