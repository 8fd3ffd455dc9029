import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { CharacteristicCurvesDocument, type KneepointClient, KneepointError } from '@kneepoint/client';
import type { RemoteDataset } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { Report } from '@kneepoint/workflow';
import { note } from '../output.ts';
import { writeTextFile } from '../write-text-file.ts';
import { openRemote } from './remote-dataset.ts';

/** What `make bundle` makes of web/src/report. */
const RENDERER = new URL('../../../../dist/report/render.mjs', import.meta.url);
/** Pictures that a page holds, and how large they are at most, in pixels. */
const MOST_PICTURES = 24;
const PICTURE_SIZE = 96;
/** The threshold of a knee that is asked for with the curves and not shown. */
const EPSILON = 0.01;

/** See web/src/report/facts.ts. */
interface Extras {
  readonly curves: readonly { readonly task: string; readonly layers: readonly object[] }[];
  readonly thumbnails: Readonly<Record<string, string>>;
}

interface Renderer {
  readonly renderReport: (
    report: Report,
    extras: Extras,
  ) => { readonly html: string; readonly figures: readonly { readonly name: string; readonly svg: string }[] };
}

interface PageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the page holds pictures of the data set: of images that changed their answer. */
  readonly pictures?: boolean;
}

/**
 * The report for people, `report.html`, and its figures for papers, `figures/*.svg`; their paths. What the server does not have any more,
 * such as the curves of a network that was deleted, is left out.
 */
export async function saveReportPage(
  client: KneepointClient,
  report: Report,
  folder: string,
  { signal, pictures = true }: PageOptions = {},
): Promise<readonly string[]> {
  const isBundled = await access(RENDERER).then(
    () => true,
    () => false,
  );
  if (!isBundled) {
    note('report.html is not written: `make bundle` was never run in this checkout');
    return [];
  }
  const { renderReport } = (await import(RENDERER.href)) as Renderer;
  const thumbnails = pictures ? await thumbnailsOf(client, report, signal) : {};
  const extras = { curves: await curvesOf(client, report), thumbnails };
  const { html, figures } = renderReport(report, extras);
  const page = join(folder, 'report.html');
  await writeTextFile(page, html);
  const drawings = join(folder, 'figures');
  for (const { name, svg } of figures) await writeTextFile(join(drawings, `${name}.svg`), svg);
  return [page, drawings];
}

async function curvesOf(client: KneepointClient, { model, dataset, tasks }: Report): Promise<Extras['curves']> {
  const about = { model: model.id, dataset: dataset.id };
  if (about.model === null || about.dataset === null) return [];
  const asked = { model: about.model, dataset: about.dataset, epsilon: EPSILON };
  const found = tasks.map(({ name: task }) =>
    ifThere(async () => {
      const { characteristicCurves } = await client.query(CharacteristicCurvesDocument, { ...asked, task });
      return { task, layers: characteristicCurves };
    }),
  );
  return (await Promise.all(found)).filter((curves) => curves !== undefined);
}

/** Pictures of the images whose answers changed, as addresses that hold them. */
async function thumbnailsOf(
  client: KneepointClient,
  { dataset: { sha256 }, preprocess, results }: Report,
  signal: AbortSignal | undefined,
): Promise<Extras['thumbnails']> {
  const lists = results.flatMap(({ perClass }) => perClass.map(({ changes }) => changes?.images ?? []));
  // Of each list the first, then of each the second.
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const wanted = Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at]?.image ?? [])).flat();
  const names = [...new Set(wanted)].slice(0, MOST_PICTURES);
  if (names.length === 0) return {};
  const dataset = await ifThere(() => openRemote(client, sha256, signal));
  if (!dataset) return {};
  const places = new Map(dataset.manifest.images.map((name, row) => [name, row]));
  const { thumbnail } = await import('@kneepoint/datasets');
  const picture = async (name: string, { read }: Pick<RemoteDataset, 'read'>): Promise<[string, string] | undefined> =>
    ifThere(async () => {
      const bytes = await thumbnail(await read(places.get(name)!), preprocess, name, PICTURE_SIZE);
      return [name, `data:image/jpeg;base64,${bytes.toString('base64')}`] as [string, string];
    });
  const found = await Promise.all(names.filter((name) => places.has(name)).map((name) => picture(name, dataset)));
  return Object.fromEntries(found.filter((one) => one !== undefined));
}

/** What a report can do without: it is not there any more, or the store cannot be reached. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof KneepointError || error instanceof Failure || error instanceof TypeError) return undefined;
    throw error;
  }
}
