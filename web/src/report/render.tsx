import type { Report } from '@kneepoint/workflow/report';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server.edge';
import charts from '../charts/charts.css?inline';
import tokens from '../tokens.css?inline';
import { type Extras, NO_EXTRAS } from './facts.ts';
import { figuresOf } from './figures.tsx';
import { ReportView } from './report-view.tsx';
import result from './result.css?inline';
import sheet from './sheet.css?inline';

export interface RenderedReport {
  /** One document that needs nothing beside it. */
  readonly html: string;
  /** Its drawings as files for papers, on white. */
  readonly figures: readonly { readonly name: string; readonly svg: string }[];
}

/** Pictures that the document holds itself, and its own styles; no script, and nothing from elsewhere. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A report as a document and as drawings, made by the parts of which the page is made. */
export function renderReport(report: Report, extras: Extras = NO_EXTRAS): RenderedReport {
  const title = `${report.model.name} for ${report.tasks.map(({ name }) => name).join(', ')}`;
  const body = renderToStaticMarkup(<Document title={title} report={report} extras={extras} />);
  const figures = report.results.flatMap((one) => figuresOf({ result: one, report, extras }));
  return {
    html: `<!doctype html>\n${body}\n`,
    figures: figures.map(({ name, drawing }) => ({ name, svg: standalone(drawing) })),
  };
}

function Document({
  title,
  report,
  extras,
}: {
  readonly title: string;
  readonly report: Report;
  readonly extras: Extras;
}): ReactNode {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta httpEquiv="Content-Security-Policy" content={POLICY} />
        <title>{title}</title>
        <link rel="icon" href="data:," />
        <style dangerouslySetInnerHTML={{ __html: tokens + charts + result + sheet }} />
      </head>
      <body>
        <main>
          <ReportView report={report} extras={extras} />
        </main>
      </body>
    </html>
  );
}

/** Around a drawing in a file of its own. */
const EDGE = 8;
/** Characters that no document of XML may hold, however they are written; names of classes may. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

/** With the colours of paper written out: few programs that draw SVG know variables. */
function standalone(drawing: ReactNode): string {
  const paper = new Map(
    [...(/:root\s*\{([^}]*)\}/.exec(tokens)?.[1] ?? '').matchAll(/(--[\w-]+):\s*([^;]+?)\s*(?:;|$)/g)].map(
      ([, name, value]) => [name, value],
    ),
  );
  const styles = charts.replaceAll(/var\((--[\w-]+)\)/g, (_all, name: string) => paper.get(name) ?? 'black');
  const svg = renderToStaticMarkup(drawing).replaceAll(NOT_XML, '\uFFFD');
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number) as [number, number, number];
  const [wide, high] = [width + 2 * EDGE, height + 2 * EDGE];
  const ground = `<rect x="${-EDGE}" y="${-EDGE}" width="${wide}" height="${high}" fill="#ffffff"/>`;
  return svg
    .replace(
      /viewBox="[^"]*" width="[^"]*" height="[^"]*"/,
      `viewBox="${-EDGE} ${-EDGE} ${wide} ${high}" width="${wide}" height="${high}"`,
    )
    .replace('</title>', `</title><style>${styles}</style>${ground}`)
    .concat('\n');
}
