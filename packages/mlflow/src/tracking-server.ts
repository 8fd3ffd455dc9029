import { Failure } from '@kneepoint/failures';

type Json = Readonly<Record<string, unknown>>;

/** What MLflow's own client reads from the environment. */
export interface TrackingCredentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** An MLflow tracking server with its registry, by its REST API (https://mlflow.org/docs/latest/rest-api.html). */
export interface TrackingServer {
  /** Without a slash at its end, nor what logs in. */
  readonly url: string;
  get(path: string, query: Readonly<Record<string, string>>): Promise<Json>;
  post(path: string, body: Json): Promise<Json>;
  /** Files of `mlflow-artifacts:` addresses, which the server itself hands on. */
  putFile(root: string, path: string, bytes: Uint8Array): Promise<void>;
  getFile(root: string, path: string): Promise<Uint8Array>;
  /** Of MLflow; undefined where the server does not tell. */
  version(): Promise<string | undefined>;
  /** Paths below a folder, files alone, folders followed. */
  listFiles(root: string): Promise<readonly string[]>;
}

const API = 'api/2.0/mlflow';
const FILES = 'api/2.0/mlflow-artifacts/artifacts';
const PROXIED = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.*)$/;
/** Of one model. */
const MOST_FILES = 1_000;
const MOST_FOLDERS = 200;
const DEEPEST = 20;

/** What logs in may stand in the address; it is in no message. Throws MLFLOW_UNREACHABLE where no MLflow answers there. */
export async function connectTracking(uri: string, credentials: TrackingCredentials = {}): Promise<TrackingServer> {
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
    throw new Failure(
      'MLFLOW_UNREACHABLE',
      `"${withoutCredentials(uri).slice(0, 200)}" is no address of a tracking server`,
      {
        where: '--tracking-uri',
        fix: 'Pass http://HOST:PORT or https://HOST of an MLflow server; folders and databases need one in front.',
      },
    );
  }
  const address = new URL(uri);
  const { username, password } = address;
  const isInside = username !== '' || password !== '';
  const headers = authorization(isInside ? { username: decoded(username), password: decoded(password) } : credentials);
  // No request is sent to an address that has them.
  Object.assign(address, { username: '', password: '' });
  const url = address.href.replace(/\/+$/, '');
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/${path}`, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } }).catch(
      (error: Error) => {
        const { message } = error.cause instanceof Error ? error.cause : error;
        throw unreachable(url, message);
      },
    );
  const json = async (path: string, init?: RequestInit): Promise<Json> => {
    const response = await ask(path, init);
    const text = await response.text();
    const body = parsed(text);
    if (body === undefined) throw unreachable(url, `status ${response.status}, and no JSON`);
    if (!response.ok) throw refused(body, response.status, path);
    return body;
  };
  const files = (root: string): string => {
    const place = PROXIED.exec(root)?.[1];
    if (place === undefined) throw unproxied(root);
    return place.replace(/\/+$/, '');
  };
  const server: TrackingServer = {
    url,
    get: (path, query) => json(`${API}/${path}?${new URLSearchParams(query).toString()}`),
    post: (path, body) =>
      json(`${API}/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async putFile(root, path, bytes) {
      const response = await ask(`${FILES}/${escaped(`${files(root)}/${path}`)}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream' },
        body: bytes as BodyInit,
      });
      if (!response.ok) throw refused(parsed(await response.text()) ?? {}, response.status, path);
    },
    async getFile(root, path) {
      const response = await ask(`${FILES}/${escaped(`${files(root)}/${path}`)}`);
      if (!response.ok) throw refused(parsed(await response.text()) ?? {}, response.status, path);
      return new Uint8Array(await response.arrayBuffer());
    },
    async version() {
      const response = await ask('version');
      return response.ok ? (await response.text()).trim() : undefined;
    },
    async listFiles(root) {
      const found: string[] = [];
      let folders = 0;
      const walk = async (folder: string, depth: number): Promise<void> => {
        folders += 1;
        if (folders > MOST_FOLDERS || depth > DEEPEST) throw tooMuch(root);
        const listed = await json(`${FILES}?${new URLSearchParams({ path: `${files(root)}${folder}` }).toString()}`);
        const entries = (listed['files'] ?? []) as readonly { readonly path: string; readonly is_dir?: boolean }[];
        for (const { path, is_dir: isFolder = false } of entries) {
          const name = path.split('/').at(-1)!;
          if (name === '' || name === '.' || name === '..') continue;
          if (isFolder) await walk(`${folder}/${name}`, depth + 1);
          else if (found.push(`${folder}/${name}`.slice(1)) > MOST_FILES) throw tooMuch(root);
        }
      };
      await walk('', 0);
      return found;
    },
  };
  await server.post('experiments/search', { max_results: 1 });
  return server;
}

/** A part of an address; as it is written where a percent sign in it stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function authorization({ token, username, password }: TrackingCredentials): Record<string, string> {
  if (token) return { authorization: `Bearer ${token}` };
  if (!username && !password) return {};
  return { authorization: `Basic ${Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')}` };
}

/** An address as it may be shown. */
function withoutCredentials(address: string): string {
  return address.replace(/\/\/[^/?#]*@/, '//');
}

/** Each part of a path as an address takes it. */
function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function unreachable(url: string, reason: string): Failure {
  return new Failure('MLFLOW_UNREACHABLE', `no MLflow server answers at ${url}: ${reason}`, {
    where: '--tracking-uri',
    fix: 'Start it with `mlflow server`, or correct the address; MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD, log in.',
  });
}

/** MLflow's own codes tell a name that is taken from one that is missing. */
function refused({ error_code: code, message }: Json, status: number, path: string): Failure {
  const said = typeof message === 'string' ? message : `status ${status}`;
  return new Failure('MLFLOW_REFUSED', `${typeof code === 'string' ? `${code}: ` : ''}${said.slice(0, 500)}`, {
    where: path.slice(0, 200),
    fix: 'Look at the log of the MLflow server.',
  });
}

function tooMuch(root: string): Failure {
  const limits = `${MOST_FILES} files, ${MOST_FOLDERS} folders or ${DEEPEST} folders in each other`;
  return new Failure('MLFLOW_REFUSED', `the server lists more than ${limits}`, {
    where: withoutCredentials(root).slice(0, 200),
    fix: 'Register a model that has its own files alone.',
  });
}

function unproxied(root: string): Failure {
  return new Failure(
    'MLFLOW_REFUSED',
    `files of the server lie at ${withoutCredentials(root).split('/').slice(0, 3).join('/')}, which it does not hand on`,
    {
      where: '--tracking-uri',
      fix: 'Start the server with --serve-artifacts, and use an experiment that was made since.',
    },
  );
}

/** Whether MLflow refused something for this reason. */
export function isRefusal(error: unknown, code: string): boolean {
  return error instanceof Failure && error.code === 'MLFLOW_REFUSED' && error.message.startsWith(`${code}:`);
}
