import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { manifestOf, ROOT } from './root.ts';

type Versions = Readonly<Record<string, string>>;
type Lock = Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;

/** Names of the packages that a bundle leaves to be installed, sorted. */
export function externalPackages({ outputs }: Metafile): readonly string[] {
  const paths = Object.values(outputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  const names = paths
    .map(({ path }) => path)
    .filter((path) => !isBuiltin(path))
    .map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)![0]);
  return [...new Set(names)].sort();
}

/**
 * The version of each package that was tested, as package-lock.json has it; and of those deeper down whose version the repository overrides:
 * whoever installs a package decides by what it names itself. Throws where a part of the repository has a version of its own.
 */
export function pinned(names: readonly string[]): Versions {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const { packages: lock } = JSON.parse(text) as { readonly packages: Lock };
  const found = names.map((name) => {
    const { version } = lock[`node_modules/${name}`] ?? {};
    if (version === undefined) throw new Error(`${name} is imported and not installed`);
    const own = Object.keys(lock).filter(
      (key) => /^(packages|services)\//.test(key) && key.endsWith(`/node_modules/${name}`),
    );
    if (own.length > 0) throw new Error(`${own.join(', ')}: what is delivered can have one version of ${name}`);
    return [name, version] as const;
  });
  const delivered = Object.entries(lock).flatMap(([key, { dev }]) =>
    dev === true ? [] : [key.split('node_modules/').at(-1)],
  );
  const overridden = Object.entries(manifestOf('.')['overrides'] as Readonly<Record<string, unknown>>).filter(
    (entry): entry is [string, string] => /^\d/.test(String(entry[1])) && delivered.includes(entry[0]),
  );
  return Object.fromEntries([...found, ...overridden].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Packages for which the repository overrides what they need themselves: they can only be delivered inside. */
export function inlinedPackages(): readonly string[] {
  const overrides = Object.entries(manifestOf('.')['overrides'] as Readonly<Record<string, unknown>>);
  return overrides.flatMap(([name, version]) => (typeof version === 'object' ? [name] : []));
}
