import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JSON_HEADERS, kneepoint, Kneepoint } from './support/kneepoint.ts';

/** In the order in which a newcomer reads them: one goes on from what the other made. */
const PAGES = ['README.md', 'docs/usage.md'] as const;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Snippet {
  readonly language: string;
  /** The word after the language, which says how the snippet is run. */
  readonly role: string;
  readonly text: string;
}

async function snippets(): Promise<readonly Snippet[]> {
  const pages = await Promise.all(PAGES.map((page) => readFile(join(ROOT, page), 'utf8')));
  return [...pages.join('\n').matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', role = '', text = '']) => ({
      language,
      role,
      text,
    }),
  );
}

/** What has names of somebody's own files is read by the test of the examples of help; a reproduction has a test of its own. */
const ROLES = ['make', 'files', 'knee', 'answer', 'team'];
const OWN = /^kneepoint .*(net\.onnx|team=vision|nightly|--watch|reproduce --quick)/;
/** What makes a command long; nothing else of it is changed. */
const SHORTER: Readonly<Record<string, string>> = { '--count': '160', '--epochs': '1', '--rounds': '1' };

describe('the README and the page on usage', () => {
  let folder: string;
  let server: Kneepoint;
  let url = '';
  let all: readonly Snippet[];
  const of = (role: string): string =>
    all
      .filter((snippet) => snippet.role === role)
      .map(({ text }) => text)
      .join('');

  beforeAll(async () => {
    all = await snippets();
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-readme-'));
    const demo = await kneepoint(['demo', '--count', '120', '--epochs', '1', '--port', '0', '--exit'], { cwd: folder });
    expect(demo.stdout).toContain('Where to look');
    expect(demo.code).toBe(0);
    server = new Kneepoint(['up', '--data-dir', '.kneepoint/demo', '--port', '0'], { cwd: folder });
    url = (await server.says(/serves (http:\S+\/graphql)/))[1]!;
    // The demo trains a whole network and several small ones.
  }, 600_000);

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has no snippet that this file does not run', () => {
    const code = all.filter((snippet) => ['sh', 'graphql', 'json'].includes(snippet.language));
    const lines = code.filter(({ role }) => !ROLES.includes(role)).flatMap(({ text }) => text.trim().split('\n'));
    expect(lines.filter((line) => !OWN.test(line))).toEqual([]);
  });

  it('is read without scrolling sideways', async () => {
    const prose = (await readFile(join(ROOT, 'README.md'), 'utf8'))
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .split('\n')
      .filter((line) => !line.startsWith('|'));
    expect(prose.filter((line) => line.length >= 120)).toEqual([]);
  });

  it('leads to pages that exist, and the index of docs to all of them', async () => {
    const targets = async (page: string): Promise<string[]> => {
      const text = await readFile(join(ROOT, page), 'utf8');
      const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target!);
      return links.map((target) => join(ROOT, dirname(page), target));
    };
    const index = await targets('docs/README.md');
    const linked = [...index, ...(await targets('README.md')), ...(await targets('docs/usage.md'))];
    await Promise.all(linked.map((target) => stat(target)));
    const pages = (await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(pages.filter((name) => !index.includes(join(ROOT, 'docs', name)))).toEqual([]);
  });

  it('names make targets that exist', async () => {
    for (const line of of('make').split('\n').filter(Boolean)) {
      await promisify(execFile)('make', ['-n', line.replace(/#.*/, '').trim().split(' ')[1]!], { cwd: ROOT });
    }
  });

  it('shows a query whose answer has the shape that it shows', async () => {
    const { model, dataset } = await ids(url);
    const query = of('knee').replace('MODEL', model).replace('DATASET', dataset);
    const response = await fetch(url, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ query }),
    });
    const { data } = (await response.json()) as { data: { characteristicCurves: unknown[] } };
    const shown = JSON.parse(of('answer')) as { data: { characteristicCurves: unknown[] } };
    expect(shapeOf(data)).toEqual(shapeOf(shown.data));
    expect(data.characteristicCurves).toHaveLength(shown.data.characteristicCurves.length);
  });

  it('runs its commands for people with a file', async () => {
    for (const line of of('files')
      .split('\n')
      .filter((text) => text.startsWith('npx kneepoint'))) {
      const args = line.replace('npx kneepoint ', '').replace(/#.*/, '').trim().split(/\s+/);
      const { code, stderr } = await kneepoint(
        args[0] === 'compress' && !args.includes('--epochs')
          ? [...args, '--epochs', '1']
          : args.map((arg, at) => SHORTER[args[at - 1] ?? ''] ?? arg),
        { cwd: folder },
      );
      expect(`${line}: ${code}\n${code === 0 ? '' : stderr}`).toBe(`${line}: 0\n`);
    }
    expect((await stat(join(folder, 'small'))).isDirectory()).toBe(true);
    // Seven commands, two of which train: more than any other test does.
  }, 900_000);

  it('starts services that the command has', async () => {
    const { stdout } = await kneepoint(['--help']);
    const names = [...of('team').matchAll(/npx kneepoint (\w+)/g)].map(([, name]) => name!);
    expect(names).toEqual(['gateway', 'extractor', 'regressor', 'pruner', 'trainer']);
    for (const name of names) expect(stdout).toContain(`${name} [options]`);
  });
});

async function ids(url: string): Promise<{ model: string; dataset: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({
      query: '{ models(first: 1) { edges { node { id } } } datasets(first: 1) { edges { node { id } } } }',
    }),
  });
  type Edges = { readonly edges: readonly { readonly node: { readonly id: string } }[] };
  const { data } = (await response.json()) as { data: { models: Edges; datasets: Edges } };
  return { model: data.models.edges[0]!.node.id, dataset: data.datasets.edges[0]!.node.id };
}

/** The keys and kinds of a JSON value, without its values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [shapeOf(value[0])];
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
