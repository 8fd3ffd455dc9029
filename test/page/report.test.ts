import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RowAnswers, TaskSpec } from '@kneepoint/regression';
import { type MeasuredResult, type MeasuredTask, type Report, reportOf } from '@kneepoint/workflow';
import { datasetReference, measuredResult, modelReference } from '@kneepoint/workflow/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { available, program } from '../support/available.ts';
import { expectedTables, tablesOf } from './report-tables.ts';

interface Renderer {
  readonly renderReport: (
    report: Report,
    extras: object,
  ) => { readonly html: string; readonly figures: readonly { readonly name: string; readonly svg: string }[] };
}

const GENDER: TaskSpec = { name: 'gender', type: 'binary', classes: ['female', 'male'], targets: ['gender'] };
const AGE: TaskSpec = { name: 'age', type: 'continuous', targets: ['age'], unit: 'years' };
/** What would be markup if it were not written as text. */
const ODD = '<b>&"odd.jpg';
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTjQ7wAAAABJRU5ErkJggg==';

/** What no file of XML may hold, and what would end one of its elements. */
const UNWRITABLE = '\u0007</title>\u{1F600}\uD800';

/** Two tasks that differ in what no name of a file can say, of a hundred classes each, any of which was taken for any other. */
function withHundredClasses(report: Report): Report {
  const [result] = report.results;
  const [found] = result!.perClass;
  const classes = Array.from({ length: 100 }, (_, at) => ({ ...found!.classes[0]!, name: `${UNWRITABLE} ${at}` }));
  const counts = classes.map((_, truth) => classes.map((_class, answer) => 1 + ((7 * truth + 3 * answer) % 5)));
  const perClass = ['年/月', '年?月'].map((task) => ({
    ...{ ...found!, task, classes, changes: null },
    confusion: { before: counts, after: counts },
  }));
  return { ...report, results: [{ ...result!, perClass }] };
}

/** The first result with so many layers; so often. */
function ofManyLayers(report: Report, count: number, times?: number): Report {
  const [first, ...others] = report.results;
  const layers = Array.from({ length: count }, (_, at) => ({
    ...first!.layers[at % first!.layers.length]!,
    name: `features.denseblock${at % 4}.denselayer${at}.conv1`,
  }));
  if (times === undefined) return { ...report, results: [{ ...first!, layers }, ...others] };
  const results = Array.from({ length: times }, (_, at) => ({ ...first!, layers, label: `macs-${50 + 10 * at}pct` }));
  return { ...report, results };
}

/** Of four images: the first is lost, the second is won. */
const answers = (given: readonly number[], kind: RowAnswers['kind'], truth: readonly number[]): RowAnswers => ({
  ...{ kind, rows: [3, 5, 8, 9], truth, answers: given },
});

/** The same again and again for many images. */
function repeated(result: MeasuredResult, images: number): MeasuredResult {
  const times = images / 4;
  const again = <T>(values: readonly T[]): T[] => Array.from({ length: times }, () => values).flat();
  const rows = Array.from({ length: images }, (_, row) => row);
  const names = rows.map((row) => `validation/person-${row % 997}/photograph-${row}.jpg`);
  const more = <Network extends { readonly tasks: readonly MeasuredTask[] }>(network: Network): Network => ({
    ...network,
    tasks: network.tasks.map((task) => {
      const { kind, truth, answers: given } = task.answers!;
      return { ...task, answers: { kind, rows, truth: again(truth), answers: again(given) } };
    }),
  });
  return { ...result, original: more(result.original), arms: result.arms.map(more), images: { rows, names } };
}

/** Every network of a result with what `more` says of its tasks. */
function withTasks(result: MeasuredResult, more: (arm: string) => Partial<MeasuredTask>): MeasuredResult {
  const own = (arm: string) => (task: MeasuredTask) => ({ ...task, ...more(arm) });
  return {
    ...result,
    original: { ...result.original, tasks: result.original.tasks.map(own('original')) },
    arms: result.arms.map((arm) => ({ ...arm, tasks: arm.tasks.map(own(arm.arm)) })),
    images: { rows: [3, 5, 8, 9], names: [ODD, 'b.jpg', 'c.jpg', 'd.jpg'] },
  };
}

function genders(): MeasuredResult {
  const round = {
    ...{
      parameters: 200,
      macs: 20_000,
      share: 0.2,
      validation: 0.93,
      test: 0.91,
      refit: 0.8,
      kept: 0.98,
      keeps: false,
    },
    ...{ epochs: 3, seconds: 12, modelSha256: 'a'.repeat(64), delivered: false },
  };
  const frozen = {
    ...{ name: 'conv2', filters: 8, kept: 8, lambda: null, chosen: null, indices: [], damage: null, note: null },
    ...{ parametersBefore: 100, parametersAfter: 50, macsBefore: 10_000, macsAfter: 5000, healing: null },
    ...{ reason: 'it feeds Resize', frozenBy: { node: 'Resize', operator: 'Resize', reason: 'it feeds Resize' } },
  };
  const plain = measuredResult();
  const result = measuredResult({
    layers: [...plain.layers, frozen],
    layerTimes: {
      before: [
        { name: 'conv1', share: 0.25, ms: 2 },
        { name: 'conv2', share: 0.75, ms: 6 },
      ],
      after: [{ name: 'conv2', share: 1, ms: 3 }],
    },
    keep: {
      ...{ goal: { share: 0.99 }, met: true },
      tasks: [{ task: 'gender', whole: { validation: 0.95, test: 0.95 }, bound: 0.9405, validation: 0.945, test: 0.9 }],
    },
    rounds: [round, { ...round, share: 0.1, validation: 0.945, keeps: true, delivered: true }],
    warnings: ['A layer is <wide>.'],
  });
  const given: Readonly<Record<string, readonly number[]>> = { unpruned: [0, 0, 1, 1], finetuned: [1, 1, 1, 1] };
  return withTasks(result, (arm) => ({ answers: answers(given[arm] ?? [0, 0, 0, 0], 'class', [0, 1, 1, 1]) }));
}

function ages(): MeasuredResult {
  const stages = { name: 'rmse', higherIsBetter: false, chance: 20, probe: 12.8, pruned: 19, healed: 15, refit: 13.4 };
  const interval = { low: 10.25, high: 14.75, standardError: 1.1, drawn: 'image' } as const;
  const result = measuredResult({
    ...{
      task: 'age',
      epsilon: 0.1,
      metric: { ...stages, finetuned: 11 },
      tasks: [{ task: 'age', images: 20, ...stages, finetuned: 11 }],
    },
  });
  return withTasks(result, (arm) => ({
    ...{ task: 'age', metric: 12 + arm.length / 10, validation: 11.5, interval, thresholds: [] },
    breakdown: {
      ...{ classes: [], confusion: null },
      residuals: [
        { from: 1, to: 30, rows: 10, mean: 2.5, spread: 6.125 },
        { from: 31, to: 80, rows: 10, mean: -3.75, spread: arm.length },
      ],
    },
    answers: answers([20 + arm.length, 30, 40, 50], 'value', [20, 30, 40, 50]),
  }));
}

/** `images`: of the test part, a multiple of four. */
function madeReport(images = 4): Report {
  const { preprocess, sha256 } = modelReference();
  return reportOf({
    kneepoint: '0.1.0',
    run: {
      ...{ id: 'UnVuOjI', kind: 'COMPRESSION', name: 'faces <small>', labels: { team: 'faces' }, createdBy: 'ada' },
      ...{ createdAt: '2026-01-02T03:00:00.000Z', startedAt: null, endedAt: '2026-01-02T03:04:06.000Z', reused: false },
    },
    command: 'kneepoint compress --model net.onnx --data faces --task gender --out small',
    model: {
      ...{ id: 'TW9kZWw6MQ', name: 'net', sha256, bytes: 4000, primaryTask: null },
      ...{ license: 'MIT', author: null, metadata: {} },
    },
    dataset: {
      id: 'RGF0YTox',
      name: 'faces',
      sha256: datasetReference().sha256,
      images: 100,
      subject: null,
      notes: [],
    },
    ...{ preprocess, tasks: [GENDER, AGE], seed: 1, links: { graphql: null } },
    results: [
      {
        label: 'keep-99pct',
        measured: images === 4 ? genders() : repeated(genders(), images),
        sha256: 'f'.repeat(64),
        bytes: 500,
      },
      { label: '0.1', measured: ages(), sha256: '0'.repeat(64), bytes: 500 },
    ],
  });
}

const CURVE = [0, 1, 2, 3, 4].map((filters) => ({ filters, rmseValidation: 1 / (1 + filters) }));
const EXTRAS = {
  curves: [{ task: 'gender', layers: [{ layer: 'conv1', points: CURVE }] }],
  thumbnails: { [ODD]: PICTURE },
};

describe.skipIf(!available('chromium-headless-shell'))('a report as a page', () => {
  const report = madeReport();
  const problems: string[] = [];
  let folder: string;
  let browser: Browser;
  let page: Page;
  let html: string;
  let figures: ReturnType<Renderer['renderReport']>['figures'];
  let renderReport: Renderer['renderReport'];

  beforeAll(async () => {
    const renderer = new URL('../../dist/report/render.mjs', import.meta.url).href;
    ({ renderReport } = (await import(renderer)) as Renderer);
    ({ html, figures } = renderReport(report, EXTRAS));
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-report-'));
    await writeFile(join(folder, 'report.html'), html);
    browser = await chromium.launch({ executablePath: program('chromium-headless-shell'), args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => problems.push(message.text()));
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('agrees with report.json figure by figure', async () => {
    const tables = await tablesOf(page);
    const wanted = expectedTables(report);
    const captions = new Set(wanted.map(({ caption }) => caption));
    expect(tables.filter(({ caption }) => captions.has(caption))).toEqual(wanted);
    const verdicts = await page.locator('.verdict').allTextContents();
    expect(verdicts.map((text) => text.replaceAll('\u00A0', ' '))).toEqual(
      report.results.map(({ verdict }) => verdict),
    );
  });

  it('draws the intervals, the confusion and the knees of what it says', async () => {
    const counts = (id: string): Promise<readonly string[]> =>
      page.locator(`[id="${id}"] .cell + text`).allTextContents();
    const { confusion } = report.results[0]!.perClass[0]!;
    expect(await counts('keep-99pct-confusion-gender-before')).toEqual(confusion!.before.flat().map(String));
    expect(await counts('keep-99pct-confusion-gender-after')).toEqual(confusion!.after.flat().map(String));
    // The probe and each network; where nothing was drawn again there is no interval.
    expect(await page.locator('[id="keep-99pct-stages-gender"] .interval').count()).toBe(4);
    expect(await page.locator('.curve .knee').count()).toBe(1);
    // No line may end between a figure and its unit.
    const loose = `document.body.innerText.match(/\\d (?:%|[kMG]?B\\b|ms\\b|[kMG]\\b)/g)`;
    expect(await page.evaluate(loose)).toBeNull();
    expect(await page.locator('[id="keep-99pct-widths"] .frozen').count()).toBe(1);
    // Where the time goes, before and after; a layer that is gone has no time after, and a report without times no drawing.
    expect(await page.locator('[id="keep-99pct-layer-times"] g .open').count()).toBe(3);
    expect(await page.locator('[id="keep-99pct-layer-times"] g .dot').count()).toBe(2);
    expect(await page.locator('[id="0.1-layer-times"]').count()).toBe(0);
  });

  it('shows which images changed their answer, the spoiled ones first', async () => {
    expect(report.results[0]!.perClass[0]!.changes).toEqual({
      ...{ compared: 4, changed: 2, spoiled: 1, mended: 1 },
      images: [
        { image: ODD, truth: ['female'], before: ['female'], after: ['male'] },
        { image: 'b.jpg', truth: ['male'], before: ['female'], after: ['male'] },
      ],
    });
    const first = page.locator('.changes li').first();
    expect(await first.textContent()).toBe(`${ODD}is femalefemale → male`);
    expect(
      await first.locator('img').evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
    ).toBe(1);
    // Of values those that moved most.
    expect(report.results[1]!.perClass[0]!.changes).toMatchObject({
      ...{ changed: 1, spoiled: null },
      images: [{ image: ODD, truth: [20], before: [28], after: [29] }],
    });
  });

  it('is one file that asks for nothing, fits a phone, and prints', async () => {
    expect(html.length).toBeLessThan(1_000_000);
    expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|<script/);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(problems).toEqual([]);
  });

  it('is printed in the colours of paper, with no table beyond the edge and no drawing over two pages', async () => {
    // What is left of A4 between its margins, at 96 pixels an inch.
    const sheet = { width: 703, height: 1017 };
    const paper = await browser.newPage({ viewport: sheet, colorScheme: 'dark' });
    const file = join(folder, 'printed.html');
    await writeFile(file, renderReport(ofManyLayers(report, 161), EXTRAS).html);
    await paper.goto(pathToFileURL(file).href);
    await paper.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await paper.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const wide = `[...document.querySelectorAll('table, svg')]
      .filter((one) => one.getBoundingClientRect().right > ${sheet.width} + 1).map((one) => one.textContent.slice(0, 60))`;
    expect(await paper.evaluate(wide)).toEqual([]);
    const torn = `[...document.querySelectorAll('svg')].filter((one) => one.getBoundingClientRect().height > ${sheet.height}
      || getComputedStyle(one).breakInside !== 'avoid').map((one) => one.getAttribute('aria-label'))`;
    expect(await paper.evaluate(torn)).toEqual([]);
    await paper.close();
  });

  it('stays small with twenty thousand test images, and with as many layers as large networks have', () => {
    const many = madeReport(20_000);
    expect(many.results[0]!.perClass[0]!.changes).toMatchObject({ compared: 20_000, changed: 10_000 });
    const names = many.results[0]!.perClass[0]!.changes!.images.map(({ image }) => image);
    // As large as photographs come out at the size at which they are shown.
    const picture = `data:image/jpeg;base64,${'A'.repeat(6000)}`;
    const thumbnails = Object.fromEntries(names.slice(0, 24).map((name) => [name, picture]));
    const layered = ofManyLayers(many, 161);
    // As uneven as curves are.
    const points = Array.from({ length: 100 }, (_, filters) => ({
      filters,
      rmseValidation: 1 / (1 + filters) + 0.002 * Math.sin(1.3 * filters),
    }));
    const layers = layered.results[0]!.layers.map(({ name }) => ({ layer: name, points }));
    const made = renderReport(layered, { curves: [{ task: 'gender', layers }], thumbnails });
    // Of the first of two lists; what the other names has no picture here.
    expect(made.html.split(picture)).toHaveLength(1 + 18);
    expect(made.html.length).toBeLessThan(1_000_000);
    expect(JSON.stringify(layered).length).toBeLessThan(1_000_000);
    // What several results have in common stands there once: the curves, each with what every result leaves of its layer.
    const five = renderReport(ofManyLayers(many, 161, 5), { curves: [{ task: 'gender', layers }], thumbnails });
    expect(five.html.match(/<figure class="curve">/g)).toHaveLength(161);
    expect(five.html.match(/<article[^>]* aria-label="macs-/g)).toHaveLength(5);
    expect(five.html.length).toBeLessThan(1_000_000);
    // Of more curves than anybody looks at one by one, those of a task are one drawing.
    const tasks = [1, 2, 3, 4, 5, 6, 7].map((at) => ({ task: at === 1 ? 'gender' : `task ${at}`, layers }));
    const seven = renderReport(layered, { curves: tasks, thumbnails });
    expect(seven.html.match(/<path class="line layer"/g)).toHaveLength(7 * 161);
    expect(seven.html.length).toBeLessThan(1_000_000);
  });

  it('has every figure as a drawing of its own, with its colours written out', async () => {
    const names = figures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('keep-99pct-curves-gender');
    for (const { name, svg } of figures) await expectDrawing(name, svg);
  });

  it('stays small with a hundred classes, and whole whatever they are called', async () => {
    const many = renderReport(withHundredClasses(report), EXTRAS);
    expect(many.html.length).toBeLessThan(1_000_000);
    const names = many.figures.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('keep-99pct-classes'))).toEqual([
      'keep-99pct-classes-年-月',
      'keep-99pct-classes-年-月-2',
    ]);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, svg } of many.figures) await expectDrawing(name, svg);
  });

  async function expectDrawing(name: string, svg: string): Promise<void> {
    const wrong = await page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').querySelector('parsererror')?.textContent ?? ''`,
    );
    expect([name, wrong]).toEqual([name, '']);
    expect(svg).not.toMatch(/var\(|NaN|undefined|Infinity/);
  }
});
