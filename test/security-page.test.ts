import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DOCS = fileURLToPath(new URL('../docs', import.meta.url));
const page = readFileSync(join(DOCS, 'security.md'), 'utf8');
/** Paths of this repository, without the place in a page. */
const linksIn = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, path]) => path!).filter((path) => !/^https?:/.test(path));

it('the page on security names only what exists', () => {
  const links = linksIn(page);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((path) => !existsSync(join(DOCS, path)))).toEqual([]);
});

it('names for each promise the test that holds it', () => {
  const tables = page.split(/\n\n+/).filter((block) => /^\| promise \|.*\| test \|$/m.test(block.split('\n')[0]!));
  expect(tables.length).toBeGreaterThan(0);
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(2));
  expect(rows.filter((row) => !linksIn(row).some((path) => /\.test\.ts$|^\.\.\/test\/\w+$/.test(path)))).toEqual([]);
});
