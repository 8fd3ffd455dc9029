import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { GATEWAY_URL } from '../gateway.ts';
import { Problem } from '../parts/problem.tsx';
import { keepAccess, keepProject, keptAccess } from './access.ts';
import { type Provider, providerOf } from './provider.ts';

interface Props {
  /** What the issuer says against whoever comes from there, or the gateway against whom it knows. */
  readonly problem?: Error | undefined;
  /** Whether the gateway knows who asks, and does not let them in. */
  readonly isKnown?: boolean;
}

/** For a gateway that asks who one is: at its issuer where it has one, or by a token, kept for this tab alone. */
export function SignIn({ problem, isKnown = false }: Props): ReactNode {
  const asked = useQuery({ queryKey: ['auth'], queryFn: ({ signal }) => providerOf(GATEWAY_URL, signal) });
  if (asked.isPending) return <p className="quiet">Asking how one signs in…</p>;
  return (
    <div className="card narrow">
      <h1>{isKnown ? 'Not let in' : 'Who asks?'}</h1>
      {!isKnown && keptAccess() !== null && <p>The token that this tab had is not valid, or not any more.</p>}
      {problem && <Problem error={problem} />}
      {asked.data ? (
        <>
          <AtIssuer provider={asked.data} />
          <details>
            <summary>With a token instead</summary>
            <ByToken />
          </details>
        </>
      ) : (
        <ByToken />
      )}
    </div>
  );
}

function AtIssuer({ provider }: { readonly provider: Provider }): ReactNode {
  const [problem, setProblem] = useState<Error>();
  const [project, setProject] = useState(keptAccess()?.project ?? '');
  const [isLeaving, setLeaving] = useState(false);
  const leave = (event: FormEvent): void => {
    event.preventDefault();
    setLeaving(true);
    keepProject(project.trim());
    import('./oidc.ts')
      .then(({ signIn }) => signIn(provider))
      .catch((error: unknown) => {
        setProblem(error instanceof Error ? error : new Error(String(error)));
        setLeaving(false);
      });
  };
  return (
    <form onSubmit={leave} className="narrow">
      <Project value={project} onChange={setProject} />
      <button type="submit" disabled={isLeaving}>
        Sign in with {new URL(provider.issuer).host}
      </button>
      {problem && <Problem error={problem} />}
    </form>
  );
}

function ByToken(): ReactNode {
  const [token, setToken] = useState('');
  const [project, setProject] = useState(keptAccess()?.project ?? '');
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    keepAccess({ token: token.trim(), project: project.trim(), by: 'token' });
    window.location.reload();
  };
  return (
    <form className="narrow" onSubmit={enter}>
      <p>
        This gateway wants a token. Whoever runs it makes one with <code>kneepoint token create</code>.
      </p>
      <label>
        Token
        <input
          type="password"
          autoComplete="off"
          required
          value={token}
          onChange={({ target }) => setToken(target.value)}
        />
      </label>
      <Project value={project} onChange={setProject} />
      <button type="submit">Go on</button>
    </form>
  );
}

interface ProjectProps {
  readonly value: string;
  readonly onChange: (project: string) => void;
}

function Project({ value, onChange }: ProjectProps): ReactNode {
  return (
    <label>
      Project, where you may work in several
      <input value={value} onChange={({ target }) => onChange(target.value)} />
    </label>
  );
}
