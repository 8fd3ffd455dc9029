import { KneepointError } from '@kneepoint/client';
import type { ReactNode } from 'react';
import { Link, Route, Router, Switch, useRoute } from 'wouter';
import { useAsk } from './ask.tsx';
import { OverviewDocument } from './generated/graphql.ts';
import { GATEWAY_URL } from './gateway.ts';
import { useHashLocation, useHashSearch } from './hash-location.ts';
import { Compare } from './pages/compare.tsx';
import { Compress } from './pages/compress.tsx';
import { Curves } from './pages/curves.tsx';
import { Datasets } from './pages/datasets.tsx';
import { Filters } from './pages/filters.tsx';
import { Models } from './pages/models.tsx';
import { Network } from './pages/network.tsx';
import { Relationships } from './pages/relationships.tsx';
import { RunPage } from './pages/run.tsx';
import { Runs } from './pages/runs.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Problem } from './parts/problem.tsx';
import { SignIn } from './parts/sign-in.tsx';

interface Place {
  readonly path: string;
  readonly label: string;
  readonly page: () => ReactNode;
}

/** A new page is a file in `pages/` and a line here. */
const PLACES: readonly Place[] = [
  { path: '/', label: 'Relationships', page: Relationships },
  { path: '/curves', label: 'Curves', page: Curves },
  { path: '/filters', label: 'Filters', page: Filters },
  { path: '/network', label: 'Network', page: Network },
  { path: '/compress', label: 'Compress', page: Compress },
  { path: '/runs', label: 'Runs', page: Runs },
  { path: '/models', label: 'Models', page: Models },
  { path: '/datasets', label: 'Data sets', page: Datasets },
];

export function App(): ReactNode {
  return (
    <Router hook={useHashLocation} searchHook={useHashSearch}>
      <a className="skip" href="#content" onClick={(event) => skip(event)}>
        Skip to the content
      </a>
      <header>
        <strong>Kneepoint</strong>
        <nav aria-label="Pages">
          {PLACES.map(({ path, label }) => (
            <NavLink key={path} path={path} label={label} />
          ))}
          <a href={`${GATEWAY_URL}/graphql`}>API</a>
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        <Admitted>
          <Switch>
            {PLACES.map(({ path, page: Page }) => (
              <Route key={path} path={path}>
                <Boundary key={path}>
                  <Page />
                </Boundary>
              </Route>
            ))}
            <Route path="/compare">
              <Boundary key="compare">
                <Compare />
              </Boundary>
            </Route>
            <Route path="/runs/:id">
              {({ id }) => (
                <Boundary key={id}>
                  <RunPage id={decodeURIComponent(id)} />
                </Boundary>
              )}
            </Route>
            <Route>
              <h1>There is no such page</h1>
              <p>The address names none of the pages above.</p>
            </Route>
          </Switch>
        </Admitted>
      </main>
    </Router>
  );
}

function NavLink({ path, label }: Pick<Place, 'path' | 'label'>): ReactNode {
  const [isHere] = useRoute(path);
  return (
    <Link href={path} aria-current={isHere ? 'page' : undefined}>
      {label}
    </Link>
  );
}

/** The address carries the page behind its #, so the usual link to a place in it would lead elsewhere. */
function skip(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** Asks who one is where the gateway does not know it yet. */
function Admitted({ children }: { readonly children: ReactNode }): ReactNode {
  const { data, error } = useAsk(OverviewDocument, {});
  if (data !== undefined) return children;
  if (error instanceof KneepointError && error.code === 'UNAUTHENTICATED') return <SignIn />;
  if (error) return <Problem error={error} />;
  return <p className="quiet">Asking the gateway…</p>;
}
