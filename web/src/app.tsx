import { KneepointError } from '@kneepoint/client';
import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { Link, Route, Router, Switch, useRoute } from 'wouter';
import { useAsk, useIsRefused } from './ask.tsx';
import { OverviewDocument } from './generated/graphql.ts';
import { GATEWAY_URL } from './gateway.ts';
import { useHashLocation, useHashSearch } from './hash-location.ts';
import { Account } from './identity/account.tsx';
import { SignIn } from './identity/sign-in.tsx';
import { Relationships } from './pages/relationships.tsx';
import { Boundary } from './parts/boundary.tsx';
import { Problem } from './parts/problem.tsx';

/** A page that is loaded once somebody goes there: what is seen first comes with little. */
function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return lazy(async () => ({ default: await load() }));
}

const Compare = later(async () => (await import('./pages/compare.tsx')).Compare);
const Failures = later(async () => (await import('./pages/failures.tsx')).Failures);
const RunPage = later(async () => (await import('./pages/run.tsx')).RunPage);

interface Place {
  readonly path: string;
  readonly label: string;
  readonly page: ComponentType;
}

/** A new page is a file in `pages/` and a line here. */
const PLACES: readonly Place[] = [
  { path: '/', label: 'Relationships', page: Relationships },
  { path: '/curves', label: 'Curves', page: later(async () => (await import('./pages/curves.tsx')).Curves) },
  { path: '/filters', label: 'Filters', page: later(async () => (await import('./pages/filters.tsx')).Filters) },
  { path: '/network', label: 'Network', page: later(async () => (await import('./pages/network.tsx')).Network) },
  { path: '/compress', label: 'Compress', page: later(async () => (await import('./pages/compress.tsx')).Compress) },
  { path: '/runs', label: 'Runs', page: later(async () => (await import('./pages/runs.tsx')).Runs) },
  {
    path: '/reproduction',
    label: 'Reproduction',
    page: later(async () => (await import('./pages/reproduction.tsx')).Reproduction),
  },
  { path: '/models', label: 'Models', page: later(async () => (await import('./pages/models.tsx')).Models) },
  { path: '/datasets', label: 'Data sets', page: later(async () => (await import('./pages/datasets.tsx')).Datasets) },
];

interface Props {
  /** What an issuer said against whoever comes from there. */
  readonly problem?: Error | undefined;
}

export function App({ problem }: Props): ReactNode {
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
        <Account />
      </header>
      <main id="content" tabIndex={-1}>
        <Admitted problem={problem}>
          <Suspense fallback={<p className="quiet">Loading the page…</p>}>
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
              <Route path="/failures">
                <Boundary key="failures">
                  <Failures />
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
          </Suspense>
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

/** Asks who one is where the gateway does not know it, or lets nobody of that name in. */
function Admitted({ problem, children }: Props & { readonly children: ReactNode }): ReactNode {
  const { data, error } = useAsk(OverviewDocument, {});
  if (useIsRefused()) return <SignIn problem={problem} />;
  if (data !== undefined) return children;
  if (error instanceof KneepointError && error.code === 'FORBIDDEN') return <SignIn problem={error} isKnown />;
  if (error) return <Problem error={error} />;
  return <p className="quiet">Asking the gateway…</p>;
}
