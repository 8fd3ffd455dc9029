import { type FormEvent, type ReactNode, useState } from 'react';
import { keepAccess } from '../gateway.ts';

/** For a gateway that asks who one is: a token, kept for this tab alone. */
export function SignIn(): ReactNode {
  const [token, setToken] = useState('');
  const [project, setProject] = useState('');
  const enter = (event: FormEvent): void => {
    event.preventDefault();
    keepAccess({ token: token.trim(), project: project.trim() });
    window.location.reload();
  };
  return (
    <form className="card narrow" onSubmit={enter}>
      <h1>Who asks?</h1>
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
      <label>
        Project, where you may work in several
        <input value={project} onChange={({ target }) => setProject(target.value)} />
      </label>
      <button type="submit">Go on</button>
    </form>
  );
}
