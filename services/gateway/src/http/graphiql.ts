import { createHash } from 'node:crypto';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const FIRST_QUERY = `# Ctrl-Enter runs the query under the cursor; the schema is in the book at the left.
query Overview {
  models(first: 10) { edges { node { id name parameters macs taps { layer channels } } } }
  datasets(first: 10) { edges { node { id name images tasks { name type } } } }
  runs(first: 5) { edges { node { id kind state progress { fraction current } } } }
}
`;

export interface Page {
  readonly html: string;
  /** What the page may load and run, as `Content-Security-Policy`: its own scripts by their sums, and nothing from elsewhere. */
  readonly policy: string;
}

/** The query editor as one page that needs nothing from the network but GraphQL at this path. */
export function graphiqlPage(endpoint: string): Page {
  const html = renderGraphiQL({ title: 'Kneepoint', endpoint, defaultQuery: FIRST_QUERY, subscriptionsProtocol: 'WS' });
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script]) => script!);
  const sums = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${sums.join(' ')}`,
    'worker-src blob:',
    // The editor makes its styles while it runs.
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}
