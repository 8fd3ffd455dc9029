import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buffer as bufferOf } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { decodeModel } from '@kneepoint/onnx';
import type { Report } from '@kneepoint/workflow';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPromise as openZip } from 'yauzl';
import { available, program } from '../support/available.ts';
import { type CliServer, startCliServer } from '../support/cli-server.ts';
import { JSON_HEADERS, kneepoint, kneepointJson } from '../support/kneepoint.ts';
import { expectedTables, tablesOf } from './report-tables.ts';

/** A page that is drawn on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const PATHS = ['/', '/curves', '/filters', '/network', '/compress', '/runs', '/models', '/datasets', '/reproduction'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What axe finds serious or critical, each with where. */
const FINDINGS = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The files of a zip archive, by their paths in it. */
async function unzipped(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const zip = await openZip(path, { lazyEntries: true });
  const files = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    files.set(entry.fileName, await bufferOf(await zip.openReadStreamPromise(entry)));
  }
  return files;
}

describe.skipIf(!available('chromium-headless-shell'))('the page, in a browser', () => {
  let server: CliServer;
  let browser: Browser;
  let page: Page;
  let url: string;
  /** Addresses that the page asked for which are not the gateway's. */
  const foreign: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    server = await startCliServer('page');
    ({ url } = JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string });
    const { model, faces } = server.sample;
    const at = ['--data-dir', server.data];
    await kneepointJson([
      'compress',
      '--model',
      model,
      '--data',
      faces,
      '--task',
      'gender',
      '--target',
      'macs=-50%',
      '--arms',
      'finetuned',
      '--epochs',
      '1',
      '--out',
      join(server.folder, 'out'),
      ...at,
    ]);
    const analysed = await kneepoint(['analyze', 'small', 'faces', '--tasks', 'gender,age', ...at]);
    expect(analysed.code, analysed.stderr).toBe(0);
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  const open = async (path: string): Promise<void> => {
    await page.goto(`${url}/#${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };

  async function ask<Data>(query: string): Promise<Data> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  }

  it('shows the matrix as the API has it, and leads from a cell to its curves', async () => {
    await open('/');
    const cell = page.getByRole('button', { name: /^small, gender: / });
    await cell.waitFor();
    const { model, dataset } = await newest();
    const { taskRelationships } = await ask<{
      taskRelationships: { tasks: string[]; rows: { cells: ({ value: number; layer: string } | null)[] }[] };
    }>(`{ taskRelationships(models: ["${model}"], dataset: "${dataset}") { tasks rows { cells { value layer } } } }`);
    const { value, layer } = taskRelationships.rows[0]!.cells[taskRelationships.tasks.indexOf('gender')]!;
    expect(await cell.textContent()).toBe(`${(100 * value).toFixed(1)}\u00A0% ${layer}`);
    await cell.click();
    await page.getByRole('heading', { name: 'Curves' }).waitFor();
    expect(new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('task')).toBe('gender');
  });

  it('moves every knee by the slider, and the sizes with them, without asking the server', async () => {
    await open('/curves?task=gender');
    const slider = page.getByRole('slider');
    await slider.waitFor();
    await page.locator('.knee').first().waitFor();
    const charts = page.locator('figure.curve');
    const { characteristicCurves } = await curvesOfGender();
    expect(await charts.count()).toBe(characteristicCurves.length);
    const { model, dataset } = await newest();
    const { compressionFrontier } = await ask<{
      compressionFrontier: { layers: { name: string; filters: number }[]; points: { kept: number[] }[] };
    }>(`{ compressionFrontier(input: { model: "${model}", dataset: "${dataset}", plan: { task: "gender" } }) {
      layers { name filters } points { kept } } }`);
    const { layers, points } = compressionFrontier;
    const parameters = page.locator('.sizes dd').first();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const sizes: number[] = [];
    for (const end of ['Home', 'End'] as const) {
      await slider.focus();
      await slider.press(end);
      await page.waitForTimeout(300);
      // Every chart has as many filters left as the server planned for that ε.
      const { kept } = (end === 'Home' ? points[0] : points.at(-1))!;
      const left = new Map(layers.map(({ name, filters }, at) => [name, `${kept[at]} of ${filters}`]));
      // What stands behind the layer that the head reads goes with the cut.
      const said = characteristicCurves.map(({ layer }) => `${layer}${left.get(layer) ?? ''}`);
      await expect.poll(() => charts.locator('figcaption').allTextContents()).toEqual(said);
      sizes.push(Number.parseFloat(((await parameters.textContent()) ?? '').replace(/.*−([\d.]+)\s%.*/, '$1')));
    }
    expect(sizes[1]).toBeGreaterThan(sizes[0]!);
    expect(asked).toEqual([]);
  });

  it('plans over a range of ε what single plans say', async () => {
    const { model, dataset } = await newest();
    const about = `model: "${model}", dataset: "${dataset}", plan: { task: "gender" }`;
    const size = 'after { parameters macs bytes }';
    type Size = { readonly after: object };
    const { compressionFrontier, ...plans } = await ask<{
      compressionFrontier: { points: (Size & { epsilon: number; kept: number[] })[] };
      first: Size & { layers: { kept: number }[] };
      last: Size & { layers: { kept: number }[] };
    }>(`{
      compressionFrontier(input: { ${about}, points: 5, least: 0.001, most: 0.3 }) { points { epsilon kept ${size} } }
      first: compressionPlan(input: { ${about}, epsilon: 0.001 }) { layers { kept } ${size} }
      last: compressionPlan(input: { ${about}, epsilon: 0.3 }) { layers { kept } ${size} }
    }`);
    const { points } = compressionFrontier;
    expect(points.map(({ epsilon }) => epsilon)).toEqual([0.001, 0.00416, 0.0173, 0.0721, 0.3]);
    for (const [point, plan] of [
      [points[0]!, plans.first],
      [points[4]!, plans.last],
    ] as const) {
      expect(point.after).toEqual(plan.after);
      expect(point.kept).toEqual(plan.layers.map(({ kept }) => kept));
    }
  });

  it('shows who uses which filter, what a filter answers to, and the pictures that it answers to most', async () => {
    await open('/filters?task=gender');
    const { model, dataset } = await newest();
    const layers = page.locator('label', { hasText: /^Layer/ }).locator('select');
    await expect.poll(() => layers.inputValue()).not.toBe('');
    const layer = await layers.inputValue();
    const about = `model: "${model}", dataset: "${dataset}", layer: "${layer}"`;
    interface Pair {
      readonly task: string;
      readonly other: string;
      readonly shared: number;
    }
    const { filterUse, filterResponses } = await ask<{
      filterUse: { overlaps: Pair[]; tasks: { task: string; kept: number[] }[] };
      filterResponses: { filter: number; bins: { name: string; mean: number }[]; telling: { filter: number }[] };
    }>(`{
      filterUse(${about}, epsilon: 0.01) { overlaps { task other shared } tasks { task kept } }
      filterResponses(${about}, task: "gender") { filter bins { name mean } telling { filter } }
    }`);
    const table = page.locator('table.heat');
    await table.waitFor();
    const names = filterUse.tasks.map(({ task }) => task);
    const { task, other, shared } = filterUse.overlaps.at(-1)!;
    const cell = table.locator('tbody tr').nth(names.indexOf(task)).locator('td').nth(names.indexOf(other));
    expect(await cell.textContent()).toMatch(new RegExp(`^${shared}(?!\\d)`));
    await page.getByRole('img', { name: `Mean response of filter ${filterResponses.filter} by gender` }).waitFor();
    expect(await page.getByLabel('Filter', { exact: true }).inputValue()).toBe(String(filterResponses.filter));
    await page.locator('.gallery img').nth(8).waitFor();
    const seen = 'Math.min(...[...document.querySelectorAll(".gallery img")].map((one) => one.naturalWidth))';
    await expect.poll(() => page.evaluate(seen)).toBeGreaterThan(0);
    const second = filterResponses.telling[1]!.filter;
    await page.locator('.chips button').nth(1).click();
    await page.getByRole('img', { name: `Mean response of filter ${second} by gender` }).waitFor();
  });

  it('draws two tasks side by side, and all layers in one', async () => {
    await open('/curves?task=gender&task2=age&view=together');
    const lines = page.locator('.two section').nth(1).locator('path.layer');
    await lines.first().waitFor();
    const { characteristicCurves } = await curvesOfGender();
    expect(await lines.count()).toBe(characteristicCurves.length);
    await expect.poll(() => page.locator('dl.sizes').count()).toBe(2);
  });

  async function newest(): Promise<{ readonly model: string; readonly dataset: string }> {
    type Edges = { readonly edges: readonly { readonly node: { readonly id: string } }[] };
    const { models, datasets } = await ask<{ models: Edges; datasets: Edges }>(
      '{ models(first: 1) { edges { node { id } } } datasets(first: 1) { edges { node { id } } } }',
    );
    return { model: models.edges[0]!.node.id, dataset: datasets.edges[0]!.node.id };
  }

  async function curvesOfGender(): Promise<{ characteristicCurves: { layer: string }[] }> {
    const { model, dataset } = await newest();
    return ask(`{ characteristicCurves(model: "${model}", dataset: "${dataset}", task: "gender") { layer } }`);
  }

  it('shows a result: the verdict first, then what it rests on', async () => {
    await open('/runs?kind=COMPRESSION');
    await page.getByRole('link', { name: 'compression' }).first().click();
    const { runs } = await ask<{ runs: { edges: { node: { report: { results: { verdict: string }[] } } }[] } }>(
      '{ runs(first: 1, filter: { kind: COMPRESSION }) { edges { node { report { results { verdict } } } } } }',
    );
    const { verdict } = runs.edges[0]!.node.report.results[0]!;
    await page.locator('.verdict').waitFor();
    expect((await page.locator('.verdict').textContent())!.replaceAll('\u00A0', ' ')).toBe(verdict);
    expect(await page.getByRole('link', { name: /\.onnx$/ }).count()).toBe(1);
  });

  it('saves the report of a run as a file, which agrees with report.json as the one that the command wrote', async () => {
    const out = join(server.folder, 'out');
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as Report;
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Report as a file' }).click();
    const saved = join(server.folder, 'saved.html');
    await (await saving).saveAs(saved);
    const other = await browser.newPage();
    const wanted = expectedTables(report);
    for (const file of [join(out, 'report.html'), saved]) {
      await other.goto(pathToFileURL(file).href);
      const tables = await tablesOf(other);
      expect(tables.filter(({ caption }) => wanted.some((one) => one.caption === caption))).toEqual(wanted);
      expect(await other.locator('.knee').count()).toBeGreaterThan(0);
    }
    await other.close();
    const { changes } = report.results[0]!.perClass[0]!;
    expect(changes!.compared).toBe(report.split.test);
    const written = await readFile(join(out, 'report.html'), 'utf8');
    expect(written.includes('src="data:image/jpeg;base64,')).toBe(changes!.changed > 0);
  });

  it('packages a network for deployment, as one file whose sums agree with what lies in it', async () => {
    const { results } = JSON.parse(await readFile(join(server.folder, 'out', 'report.json'), 'utf8')) as Report;
    await page.getByLabel('It answers').selectOption('LABELS');
    await page.getByRole('button', { name: 'Package for deployment' }).click();
    const saving = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Package for deployment (zip)' }).click();
    const download = await saving;
    const saved = join(server.folder, 'saved.zip');
    await download.saveAs(saved);
    const files = await unzipped(saved);
    // Everything lies in a folder that is called as the file.
    const folder = download.suggestedFilename().replace(/\.zip$/, '');
    expect(new Set([...files.keys()].map((name) => name.split('/')[0]))).toEqual(new Set([folder]));
    const sums = files
      .get(`${folder}/SHA256SUMS`)!
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string]);
    expect(sums).toHaveLength(files.size - 1);
    for (const [sum, name] of sums) expect(sha256(files.get(`${folder}/${name}`)!), name).toBe(sum);
    // The network that was delivered, with labels in its graph.
    expect(sums).not.toContainEqual([results[0]!.delivered.sha256, 'model.onnx']);
    const { graph, metadataProps } = decodeModel(files.get(`${folder}/model.onnx`)!);
    expect(metadataProps.find(({ key }) => key === 'kneepoint.answers')?.value).toContain('labels');
    expect(graph!.output.map(({ name }) => name)).toEqual(['gender']);
    expect(sums.map(([, name]) => name)).toEqual(
      expect.arrayContaining(['README.md', 'config.json', 'samples/predict.py', 'test/expected.json']),
    );
  });

  it('takes a model by choosing files, and says what is wrong with another', async () => {
    const folder = join(server.folder, 'dropped');
    await mkdir(folder);
    await writeFile(join(folder, 'wrong.onnx'), 'no network');
    await open('/models');
    const chooser = page.locator('input[type=file]');
    await chooser.setInputFiles(server.sample.model);
    await page.getByText('small is here').waitFor();
    await chooser.setInputFiles(join(folder, 'wrong.onnx'));
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('MODEL_');
  });

  it('launches a compression and follows it, epoch by epoch, to its end', async () => {
    await open('/compress?task=age&goal=macs&macs=50');
    await page.getByLabel('Epochs, when not by default').fill('2');
    await page.getByRole('button', { name: 'Compress' }).click();
    await page.getByRole('progressbar').waitFor();
    // As long as there is no report, it is drawn what trainings have come to.
    const training = page.locator('figure.curve').filter({ hasText: /epoch [12] of 2/ });
    await training.first().locator('path.line').waitFor();
    expect(await page.locator('.verdict').count()).toBe(0);
    await page.locator('.state.succeeded').waitFor({ timeout: 180_000 });
    await page.locator('.verdict').first().waitFor();
  });

  it('shows pictures as a network gets them', async () => {
    await open('/network');
    await page.locator('.samples img').nth(2).waitFor();
    expect(await page.locator('.samples').textContent()).toContain('from the left: the picture, red, green, blue');
  });

  it('compares runs: what differs, and which network nothing else beats', async () => {
    await open('/runs?kind=COMPRESSION');
    const boxes = page.getByRole('checkbox');
    await boxes.nth(1).waitFor();
    await boxes.nth(0).press('Space');
    await boxes.nth(1).press('Space');
    await page.getByRole('button', { name: 'Compare 2 runs' }).click();
    const facts = page.getByRole('region', { name: 'What differs' });
    await facts.waitFor();
    const tasks = facts.locator('tr').filter({ has: page.locator('th', { hasText: /^plan\.task$/ }) });
    expect(await tasks.locator('td').allTextContents()).toEqual(['age', 'gender']);
    expect(await facts.locator('th', { hasText: /^kind$/ }).count()).toBe(0);
    // A figure for each task, in each the cut network and the whole one.
    expect(await page.locator('.scatter').count()).toBe(2);
    expect(await page.locator('.scatter').first().locator('circle').count()).toBe(2);
  });

  it.each(['light', 'dark'] as const)(
    'hides nothing from whoever cannot see it well, when it is %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.evaluate(AXE);
      for (const path of [...PATHS, '/runs/' + encodeURIComponent(await newestCompression()), '/compare']) {
        await open(path);
        await page.waitForLoadState('networkidle');
        expect(await page.evaluate(FINDINGS), path).toEqual([]);
      }
      await page.emulateMedia({ colorScheme: null });
    },
  );

  it('is small enough to be there at once', async () => {
    const html = await (await fetch(`${url}/`)).text();
    const assets = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name]) => name!);
    expect(assets.length).toBeGreaterThan(1);
    const sizes = await Promise.all(
      assets.map(async (name) => gzipSync(await (await fetch(`${url}/${name}`)).arrayBuffer()).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, gzipSync(html).length)).toBeLessThan(300_000);
  });

  async function newestCompression(): Promise<string> {
    const { runs } = await ask<{ runs: { edges: { node: { id: string } }[] } }>(
      '{ runs(first: 1, filter: { kind: COMPRESSION, states: [SUCCEEDED] }) { edges { node { id } } } }',
    );
    return runs.edges[0]!.node.id;
  }

  it('works by keyboard, at the width of a phone, and asks no other host', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    for (const path of PATHS) {
      await open(path);
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    }
    await page.goto('about:blank');
    await open('/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
});
