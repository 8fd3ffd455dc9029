/** Whether a server's certificate does not hold: an unknown authority, another name, expired. */
export function isDistrust(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return /CERT|UNABLE_TO|ERR_TLS/.test(code) || isDistrust(error.cause);
}

/** Node itself reads this variable, at its start and for every connection alike: database, store, bus, identity provider, collector. */
export const TRUST_FIX =
  'name the host as its certificate does, and let NODE_EXTRA_CA_CERTS name the file (PEM) of the authority that signed it';
