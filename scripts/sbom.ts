/**
 * Writes what the product is made of: `dist/sbom.cyclonedx.json` by npm itself, and `dist/licences.md` with the licence of each package.
 * Run by `make sbom`; a test holds that every licence is one of `ALLOWED`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import satisfies from 'spdx-satisfies';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What may be delivered with software under Apache-2.0. LGPL: libvips, which sharp loads as a library of its own that can be exchanged. */
export const ALLOWED: readonly string[] = [
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'Unlicense'],
  'LGPL-3.0-or-later',
];

interface Licence {
  readonly expression?: string;
  readonly license?: { readonly id?: string; readonly name?: string };
}

export interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly Licence[];
}

export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly Component[];
}

/** Everything that an installation without development tools holds, as the lock file says. */
export function sbom(): Sbom {
  const args = ['sbom', '--omit=dev', '--sbom-format=cyclonedx', '--package-lock-only'];
  const text = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return JSON.parse(text) as Sbom;
}

/** An SPDX expression, or what a package says instead of one; empty when it says nothing. */
export function licenceOf({ licenses = [] }: Component): string {
  return licenses.map(({ expression, license }) => expression ?? license?.id ?? license?.name ?? '').join(' AND ');
}

export function isAllowed(licence: string): boolean {
  try {
    return satisfies(licence, [...ALLOWED]);
  } catch {
    return false;
  }
}

function licences({ components }: Sbom): string {
  const rows = components.map((component) => `| ${component.name} | ${component.version} | ${licenceOf(component)} |`);
  return ['| package | version | licence |', '|---|---|---|', ...[...new Set(rows)].sort(), ''].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = sbom();
  mkdirSync(`${ROOT}/dist`, { recursive: true });
  writeFileSync(`${ROOT}/dist/sbom.cyclonedx.json`, JSON.stringify(made, null, 2));
  writeFileSync(`${ROOT}/dist/licences.md`, licences(made));
  console.log(`dist/sbom.cyclonedx.json, dist/licences.md: ${made.components.length} packages`);
}
