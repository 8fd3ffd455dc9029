const TOKEN = 'kneepoint-token';
const PROJECT = 'kneepoint-project';
const HOW = 'kneepoint-signed-in-by';

/** Who asks, and in which project: as long as the tab is open, and nowhere else. */
export interface Access {
  readonly token: string;
  readonly project: string;
  /** Where the token is from: typed in, or from the issuer, which can give another. */
  readonly by: 'token' | 'issuer';
}

/** Null where nobody gave a token: the cookie of a gateway on this machine says who asks. */
export function keptAccess(): Access | null {
  const token = sessionStorage.getItem(TOKEN);
  const project = sessionStorage.getItem(PROJECT) ?? '';
  if (token === null) return null;
  return { token, project, by: sessionStorage.getItem(HOW) === 'issuer' ? 'issuer' : 'token' };
}

export function keepAccess({ token, project, by }: Access): void {
  sessionStorage.setItem(TOKEN, token);
  sessionStorage.setItem(HOW, by);
  keepProject(project);
}

/** The project to work in, for those who may work in several; empty for the first of theirs. */
export function keepProject(project: string): void {
  if (project === '') sessionStorage.removeItem(PROJECT);
  else sessionStorage.setItem(PROJECT, project);
}

export function forgetAccess(): void {
  for (const name of [TOKEN, PROJECT, HOW]) sessionStorage.removeItem(name);
}
