import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

const FIRST_QUERY = `# Ctrl-Enter runs the query under the cursor; the schema is in the book at the left.
query Overview {
  models(first: 10) { edges { node { id name parameters macs taps { layer channels } } } }
  datasets(first: 10) { edges { node { id name images tasks { name type } } } }
  runs(first: 5) { edges { node { id kind state progress { fraction current } } } }
}
`;

/** The query editor as one page that needs nothing from the network. */
export function graphiqlPage(): string {
  return renderGraphiQL({
    title: 'Kneepoint',
    endpoint: '/graphql',
    defaultQuery: FIRST_QUERY,
    subscriptionsProtocol: 'WS',
  });
}
