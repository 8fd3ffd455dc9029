import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { isAllowed, licenceOf, sbom } from '../scripts/sbom.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(ROOT, ...path), 'utf8')) as T;

interface Manifest {
  readonly license?: string;
  readonly engines?: { readonly node?: string } | readonly string[];
}

interface Locked extends Manifest {
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly link?: boolean;
}

const locked = Object.entries(read<{ packages: Record<string, Locked> }>('package-lock.json').packages);

describe('what is installed', () => {
  it('runs on the Node that is promised, so that `npm ci` warns of nothing', () => {
    const promised = semver.minVersion((read<Manifest>('package.json').engines as { node: string }).node)!;
    const refused = locked.filter(([, { engines }]) => {
      const wanted = engines !== undefined && 'node' in engines ? engines.node : undefined;
      return wanted !== undefined && !semver.satisfies(promised, wanted);
    });
    expect(refused.map(([name]) => name)).toEqual([]);
  });

  // ONNX Runtime's would fetch CUDA, Prisma's an engine. npm runs what the lock file says that there is.
  it('runs no script that a package brings for its own install', () => {
    expect(locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)).toEqual([]);
    const scripts = read<{ allowScripts: Record<string, boolean> }>('package.json').allowScripts;
    expect(Object.values(scripts)).not.toContain(true);
  });

  it('comes from the registry that whoever installs it has, by checksum', () => {
    const elsewhere = locked.filter(([, { resolved, link }]) => resolved !== undefined && link !== true);
    expect(elsewhere).toEqual([]);
    const unsummed = locked.filter(
      ([name, entry]) => name.includes('node_modules/') && !entry.link && !('integrity' in entry),
    );
    expect(unsummed.map(([name]) => name)).toEqual([]);
  });

  it('has no setting that npm does not know, of which it would warn before everything else', () => {
    const known = ['audit', 'engine-strict', 'fund', 'omit-lockfile-registry-resolved'];
    const names = readFileSync(join(ROOT, '.npmrc'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]!);
    expect(names.sort()).toEqual(known);
  });
});

describe('licences', () => {
  it('of all that is delivered may be delivered under Apache-2.0', () => {
    const { bomFormat, components } = sbom();
    expect(bomFormat).toBe('CycloneDX');
    expect(components.length).toBeGreaterThan(100);
    const refused = components.filter((component) => !isAllowed(licenceOf(component)));
    expect(refused.map((component) => `${component.name}: ${licenceOf(component)}`)).toEqual([]);
  });

  it.each(['GPL-3.0-only', 'MIT AND AGPL-3.0-only', 'SEE LICENSE IN LICENSE', ''])('%j would be refused', (licence) => {
    expect(isAllowed(licence)).toBe(false);
  });

  it('are said by every package of this repository, and stand beside it', () => {
    const folders = ['packages', 'services'].flatMap((folder) =>
      readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
    );
    for (const folder of ['', ...folders].filter((name) => existsSync(join(ROOT, name, 'package.json')))) {
      expect(read<Manifest>(folder, 'package.json').license, folder).toBe('Apache-2.0');
    }
    expect(readFileSync(join(ROOT, 'LICENSE'), 'utf8')).toContain('Version 2.0, January 2004');
  });
});
