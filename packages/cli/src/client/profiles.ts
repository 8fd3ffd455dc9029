import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure } from '@kneepoint/failures';

/** A gateway and how one is let in there. */
export interface Profile {
  readonly url: string;
  readonly token: string;
  /** Project to work in, for those who may work in several. */
  readonly project?: string;
}

export type Profiles = Readonly<Record<string, Profile>>;

const NAME = /^[\w.-]{1,64}$/;

/** `$XDG_CONFIG_HOME/kneepoint/profiles.json`: it has tokens, so nobody else may read it. */
export function profilesFile(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'kneepoint', 'profiles.json');
}

/** None where there is no file. Throws JSON_FILE_INVALID. */
export async function readProfiles(): Promise<Profiles> {
  const path = profilesFile();
  try {
    const { profiles } = JSON.parse(await readFile(path, 'utf8')) as { profiles: Profiles };
    return profiles;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    // What a parser says of it may quote it, and a token with it.
    throw new Failure('JSON_FILE_INVALID', 'the file of profiles cannot be read', {
      where: path,
      fix: 'Mend it, or delete it and log in again.',
    });
  }
}

/** Throws PROFILE_UNKNOWN. */
export async function findProfile(name: string): Promise<Profile> {
  const profiles = await readProfiles();
  if (Object.hasOwn(profiles, name)) return profiles[name]!;
  throw new Failure('PROFILE_UNKNOWN', `there is no profile "${name}"`, {
    where: profilesFile(),
    fix: `Make it with \`kneepoint login --profile ${name} --url URL\`.`,
  });
}

/** Keeps a profile under a name, or forgets the one of that name. */
export async function keepProfile(name: string, profile: Profile | undefined): Promise<void> {
  if (!NAME.test(name)) {
    throw new Failure('PROFILE_UNKNOWN', `${JSON.stringify(name)} is not the name of a profile`, {
      where: '--profile',
      fix: 'Use letters, digits, dots, dashes and underscores; 64 characters at most.',
    });
  }
  const path = profilesFile();
  const { [name]: _before, ...others } = await readProfiles();
  const profiles = profile === undefined ? others : { ...others, [name]: profile };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.tmp`, `${JSON.stringify({ profiles }, null, 2)}\n`, { mode: 0o600 });
  // A file that was there keeps its mode.
  await chmod(`${path}.tmp`, 0o600);
  await rename(`${path}.tmp`, path);
}
