import { baseUrl, type GatewayAccess } from '@kneepoint/client';
import { findProfile, readProfiles } from './profiles.ts';

export interface AccessOptions {
  readonly url?: string;
  readonly profile?: string;
}

/**
 * The gateway that flags, the environment or a profile name; undefined where none does. A flag counts before a variable, and both before
 * what a profile says. A token of a profile is sent to the profile's own gateway alone. Throws PROFILE_UNKNOWN.
 */
export async function findAccess(
  options: AccessOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<GatewayAccess | undefined> {
  const named = options.url || environment.KNEEPOINT_URL;
  const name = options.profile || environment.KNEEPOINT_PROFILE;
  const { KNEEPOINT_TOKEN: token, KNEEPOINT_PROJECT: project } = environment;
  const given = { ...(token ? { token } : {}), ...(project ? { project } : {}) };
  if (name) {
    const profile = await findProfile(name);
    return named && baseUrl(named) !== baseUrl(profile.url) ? { url: named, ...given } : { ...profile, ...given };
  }
  if (!named) return undefined;
  if (token) return { url: named, ...given };
  const known = Object.values(await readProfiles()).find(({ url }) => baseUrl(url) === baseUrl(named));
  return { ...known, url: named, ...given };
}
