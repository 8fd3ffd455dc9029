/** An OpenID provider that the gateway takes tokens of, as the gateway tells everybody. */
export interface Provider {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string;
}

/** Null where the gateway has none. */
export async function providerOf(url: string, signal?: AbortSignal): Promise<Provider | null> {
  const response = await fetch(`${url}/auth`, signal === undefined ? {} : { signal });
  if (!response.ok) return null;
  const { issuer, clientId, audience } = (await response.json()) as Partial<Provider>;
  return issuer === undefined || clientId === undefined || audience === undefined
    ? null
    : { issuer, clientId, audience };
}

/** Whether the address is one that a provider has sent somebody back to: with a code, or with what was wrong. */
export function isReturning({ search }: Pick<Location, 'search'>): boolean {
  const said = new URLSearchParams(search);
  return said.has('state') && (said.has('code') || said.has('error'));
}
