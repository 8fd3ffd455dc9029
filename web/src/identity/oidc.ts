import { type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { forgetAccess, keepAccess, keptAccess } from './access.ts';
import { type Provider, providerOf } from './provider.ts';

/** Signing in at an OpenID provider: the authorization code flow with PKCE (RFC 7636), of a public client. Loaded once somebody does that. */

/** Where the provider sends people back to. */
const back = (): string => window.location.href.replace(/[?#].*$/, '');

function managerOf({ issuer, clientId, audience }: Provider): UserManager {
  const store = new WebStorageStateStore({ prefix: 'kneepoint-oidc.', store: sessionStorage });
  return new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: back(),
    post_logout_redirect_uri: back(),
    scope: 'openid profile email',
    // Some providers make a token for an audience only where they are told of it; the others do not mind.
    extraQueryParams: { audience },
    userStore: store,
    stateStore: store,
    loadUserInfo: false,
    // Its way without a refresh token is a hidden frame, which the policy of the page lets in from nowhere.
    automaticSilentRenew: false,
    monitorSession: false,
  });
}

/** Leaves the page for the provider; it comes back to where it was. Throws what keeps it from leaving. */
export async function signIn(provider: Provider): Promise<void> {
  if (!window.isSecureContext) {
    throw new Error('A browser signs nobody in over plain HTTP: open this page by https, or by localhost.');
  }
  await managerOf(provider).signinRedirect({ state: window.location.hash });
}

/**
 * What the provider has sent somebody back with becomes a token that the gateway takes, and the address what it was. `takes` asks the gateway.
 * Throws what the provider says against it.
 */
export async function finishSignIn(url: string, takes: (token: string) => Promise<boolean>): Promise<void> {
  const returned = window.location.href;
  window.history.replaceState(null, '', back());
  const provider = await providerOf(url);
  if (provider === null) throw new Error('The gateway names no issuer any more.');
  const user = await managerOf(provider).signinCallback(returned);
  if (user === undefined) return;
  window.history.replaceState(null, '', back() + (typeof user.state === 'string' ? user.state : ''));
  await keep(user, takes);
}

/** Another token for the one that has ended; null where the provider gives none without being asked in person. */
export async function renew(url: string, takes: (token: string) => Promise<boolean>): Promise<string | null> {
  const provider = await providerOf(url);
  if (provider === null) return null;
  const manager = managerOf(provider);
  if (((await manager.getUser())?.refresh_token ?? '') === '') return null;
  const user = await manager.signinSilent();
  return user === null ? null : keep(user, takes);
}

/** Forgets who asked, here and at the provider where that can be told of it. */
export async function signOut(url: string): Promise<void> {
  const provider = await providerOf(url).catch(() => null);
  const manager = provider === null ? null : managerOf(provider);
  const { id_token } = (await manager?.getUser()) ?? {};
  forgetAccess();
  await manager?.removeUser();
  if (
    manager === null ||
    (await manager.metadataService.getEndSessionEndpoint().catch(() => undefined)) === undefined
  ) {
    window.location.reload();
    return;
  }
  await manager.signoutRedirect(id_token === undefined ? {} : { id_token_hint: id_token });
}

/** The access token where it is one that the gateway can read, else what says who signed in. */
async function keep(user: User, takes: (token: string) => Promise<boolean>): Promise<string> {
  const { access_token, id_token } = user;
  const token = id_token === undefined || (await takes(access_token)) ? access_token : id_token;
  keepAccess({ token, project: keptAccess()?.project ?? '', by: 'issuer' });
  return token;
}
