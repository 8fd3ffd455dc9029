import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';

/** What a gateway tells at /auth of how one logs in. */
interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string;
}

/** What a person is asked to do: open the address, and say there that the code is theirs. */
export interface Prompt {
  readonly address: string;
  readonly code: string;
}

const ANSWER_MS = 10_000;
const DEFAULT_INTERVAL_SECONDS = 5;
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

type Json = Readonly<Record<string, unknown>>;

/**
 * The device authorization grant (RFC 8628) with the issuer that the gateway names: a browser anywhere confirms what was begun here.
 * Gives the tokens that may be what the gateway takes, the likelier first. Throws LOGIN_FAILED.
 */
export async function logInByDevice(url: string, prompt: (prompt: Prompt) => void): Promise<readonly string[]> {
  const provider = await providerOf(url);
  const found = await ask(`${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const device = text(found.body, 'device_authorization_endpoint');
  const endpoint = text(found.body, 'token_endpoint');
  if (device === undefined || endpoint === undefined) {
    throw failed(
      `${provider.issuer} offers no login from a device`,
      'Log in with a token: `kneepoint login --token -`.',
    );
  }
  const { clientId: client_id, audience } = provider;
  const begun = await ask(device, { client_id, audience, scope: 'openid profile email' });
  const code = text(begun.body, 'device_code');
  const user = text(begun.body, 'user_code');
  const address = text(begun.body, 'verification_uri_complete') ?? text(begun.body, 'verification_uri');
  if (code === undefined || user === undefined || address === undefined) throw refused(provider.issuer, begun);
  prompt({ address, code: user });
  const grant = { client_id, grant_type: DEVICE_GRANT, device_code: code };
  return poll(endpoint, grant, {
    issuer: provider.issuer,
    intervalSeconds: seconds(begun.body, 'interval') ?? DEFAULT_INTERVAL_SECONDS,
    expiresSeconds: seconds(begun.body, 'expires_in') ?? 600,
  });
}

interface Pace {
  readonly issuer: string;
  readonly intervalSeconds: number;
  readonly expiresSeconds: number;
}

async function poll(endpoint: string, grant: Record<string, string>, pace: Pace): Promise<readonly string[]> {
  const deadline = Date.now() + pace.expiresSeconds * 1000;
  let interval = pace.intervalSeconds;
  while (Date.now() < deadline) {
    await sleep(interval * 1000);
    const answer = await ask(endpoint, grant);
    if (answer.ok) {
      const tokens = ['access_token', 'id_token'].map((name) => text(answer.body, name));
      return tokens.filter((token) => token !== undefined);
    }
    const error = text(answer.body, 'error');
    // RFC 8628 §3.5: it shall be asked less often, from now on.
    if (error === 'slow_down') interval += 5;
    else if (error !== 'authorization_pending') throw refused(pace.issuer, answer);
  }
  throw failed('nobody confirmed the login in time', 'Start again.');
}

async function providerOf(url: string): Promise<Provider> {
  const { body } = await ask(`${url}/auth`);
  const [issuer, clientId, audience] = ['issuer', 'clientId', 'audience'].map((name) => text(body, name));
  if (issuer !== undefined && clientId !== undefined && audience !== undefined) return { issuer, clientId, audience };
  throw failed(`the gateway at ${url} names no issuer`, 'Log in with a token: `kneepoint login --token -`.');
}

async function ask(url: string, form?: Record<string, string>): Promise<{ readonly ok: boolean; readonly body: Json }> {
  try {
    const response = await fetch(url, {
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return { ok: response.ok, body: (await response.json()) as Json };
  } catch (error) {
    throw failed(`${new URL(url).origin} gave no answer that can be read: ${reasonOf(error)}`, 'Try again.');
  }
}

function refused(issuer: string, { body }: { readonly body: Json }): Failure {
  const reason = text(body, 'error_description') ?? text(body, 'error') ?? 'without a reason';
  return failed(
    `${issuer} refused the login: ${reason.slice(0, 200)}`,
    'Start again; if it stays so, ask who administers it.',
  );
}

function failed(message: string, fix: string): Failure {
  return new Failure('LOGIN_FAILED', message, { fix });
}

function text(body: Json, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function seconds(body: Json, name: string): number | undefined {
  const value = body[name];
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : undefined;
}
