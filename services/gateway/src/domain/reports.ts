import { Failure } from '@kneepoint/failures';
import { decodeModel } from '@kneepoint/onnx';
import { VERSION } from '@kneepoint/platform';
import {
  type AskedFor,
  commandOf,
  type DeliveredResult,
  type MeasuredResult,
  PRUNE,
  type PruneInput,
  type PruneOutput,
  type Report as ReportDocument,
  type ReportModel,
  reportOf,
  type ReportOutput,
  type ReportRun,
} from '@kneepoint/workflow';
import type { Context } from '../context.ts';
import type { Report } from '../schema/report.ts';
import type { Run } from '../schema/run.ts';
import { artifactOf } from './artifacts.ts';
import { deliveredBy, isMeasured } from './delivered.ts';
import { globalId } from './ids.ts';
import { Remembered } from './remembered.ts';
import { toLabels } from './labels.ts';
import type { MadeRow } from './run-lists.ts';
import type { RunRow } from './runs.ts';

type Reading = Pick<Context, 'db' | 'store' | 'loaders' | 'config'>;

const documents = new Remembered<ReportDocument>(16 * 2 ** 20);

/**
 * The report of a run that has ended well, made when it is first asked for and kept as an artifact: it stays as it is, whatever becomes of names.
 * Null for other runs, and where an earlier version measured.
 */
export async function reportOfRun(context: Reading, run: Run): Promise<Report | null> {
  if ((run.kind !== 'PRUNE' && run.kind !== 'COMPRESSION') || run.state !== 'SUCCEEDED') return null;
  const row = await context.loaders.runs.load(run.rowId);
  if (!row) return null;
  const sha256 = row.reportSha256 ?? (await makeReport(context, row, run.kind));
  if (sha256 === null) return null;
  const document = await readDocument(context, sha256);
  const { labels, createdBy, ...rest } = document.run;
  return {
    ...document,
    run: { ...rest, createdBy, labels: entries(labels) },
    model: { ...document.model, metadata: entries(document.model.metadata) },
    file: await artifactOf(context.loaders, sha256, 'report.json'),
  };
}

async function readDocument({ store }: Reading, sha256: string): Promise<ReportDocument> {
  const known = documents.get(sha256);
  if (known !== undefined) return known;
  const document = JSON.parse(Buffer.from(await store.read(sha256)).toString()) as ReportDocument;
  documents.set(sha256, document);
  return document;
}

/** Writes the document. Of several who do so at once, the first has made it; the same run gives the same bytes. */
async function makeReport(context: Reading, row: RunRow, kind: ReportRun['kind']): Promise<string | null> {
  const { db, store, loaders } = context;
  const list = kind === 'PRUNE' ? loaders.prunings : loaders.compressions;
  const made = await list.rows.load({ owner: row.id, take: MOST_RESULTS, after: null });
  const results = await Promise.all(made.map((one) => readResult(context, one)));
  if (results.length === 0 || results.includes(null)) return null;
  const document = await compose(context, row, kind, results as readonly DeliveredResult[]);
  const written = await store.put(Buffer.from(`${JSON.stringify(document, null, 2)}\n`), {
    mediaType: 'application/json',
  });
  await db.prisma.artifact.createMany({
    data: [{ sha256: written.sha256, bytes: BigInt(written.bytes), mediaType: 'application/json' }],
    skipDuplicates: true,
  });
  await db.prisma.run.updateMany({
    where: { id: row.id, reportSha256: null },
    data: { reportSha256: written.sha256 },
  });
  const kept = await db.prisma.run.findUnique({ where: { id: row.id }, select: { reportSha256: true } });
  return kept?.reportSha256 ?? null;
}

/** More than a launch can ask for. */
const MOST_RESULTS = 100;

/** What was measured, from its artifact, whose members are in the order in which they were written. */
async function readResult({ store, loaders }: Reading, row: MadeRow): Promise<DeliveredResult | null> {
  const { reportSha256, report } = row.output as PruneOutput | ReportOutput;
  if (!isMeasured(report)) return null;
  const delivered = deliveredBy(row);
  const { bytes } = await artifactOf(loaders, delivered.sha256, '');
  return {
    ...delivered,
    bytes,
    measured: JSON.parse(Buffer.from(await store.read(reportSha256)).toString()) as MeasuredResult,
  };
}

async function compose(
  { db, store, loaders, config }: Reading,
  row: RunRow,
  kind: ReportRun['kind'],
  results: readonly DeliveredResult[],
): Promise<ReportDocument> {
  const [model, dataset, asked, cut] = await Promise.all([
    row.modelId === null ? null : db.prisma.model.findUnique({ where: { id: row.modelId } }),
    row.datasetId === null ? null : db.prisma.dataset.findUnique({ where: { id: row.datasetId } }),
    db.prisma.run.findUniqueOrThrow({ where: { id: row.id }, select: { input: true } }),
    db.prisma.step.findFirstOrThrow({ where: { runId: row.id, kind: PRUNE.kind }, select: { input: true } }),
  ]);
  const input = cut.input as unknown as PruneInput;
  const names = { model: model?.name ?? input.modelName, dataset: dataset?.name ?? '' };
  return reportOf({
    kneepoint: VERSION,
    run: describeRun(row, kind),
    command: commandOf(kind, asked.input as AskedFor, { ...names, subject: dataset?.subject ?? null }),
    model: {
      id: model === null ? null : globalId('Model', model.id),
      name: names.model,
      sha256: input.modelSha256,
      bytes: Number((await loaders.artifacts.load(input.modelSha256))?.bytes ?? results[0]!.measured.before.bytes),
      primaryTask: model?.primaryTask ?? null,
      ...(await saidBy(store, model?.skeletonSha256)),
    },
    dataset: {
      id: dataset === null ? null : globalId('Dataset', dataset.id),
      name: names.dataset,
      sha256: input.datasetSha256,
      images: dataset?.images ?? 0,
      subject: dataset?.subject ?? null,
      notes: (dataset?.notes ?? []) as unknown as readonly string[],
    },
    preprocess: input.preprocess,
    tasks: input.tasks,
    seed: input.settings.seed,
    results,
    links: { graphql: config.publicUrl === undefined ? null : `${config.publicUrl}/graphql` },
  });
}

function describeRun(row: RunRow, kind: ReportRun['kind']): ReportRun {
  const { id, name, labels, createdBy, createdAt, startedAt, endedAt, reused } = row;
  return {
    id: globalId('Run', id),
    kind,
    name,
    labels: Object.fromEntries(toLabels(labels).map(({ key, value }) => [key, value])),
    createdBy,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt?.toISOString() ?? null,
    reused,
  };
}

/** Files of exporters may carry a whole training configuration. */
const MOST_CHARACTERS = 2_000;
const MOST_ENTRIES = 50;

/** What a network's file says of itself, from its skeleton. */
async function saidBy(
  store: Context['store'],
  skeletonSha256: string | undefined,
): Promise<Pick<ReportModel, 'license' | 'author' | 'metadata'>> {
  const props = skeletonSha256 === undefined ? [] : await metadataOf(store, skeletonSha256);
  const said = new Map(props.map(({ key, value }) => [key, value.slice(0, MOST_CHARACTERS)]));
  const take = (...names: readonly string[]): string | null => {
    const found = [...said].find(([key]) => names.includes(key.toLowerCase()));
    if (!found) return null;
    said.delete(found[0]);
    return found[1];
  };
  const license = take('license', 'licence');
  const author = take('author', 'authors');
  return { license, author, metadata: Object.fromEntries([...said].slice(0, MOST_ENTRIES)) };
}

async function metadataOf(
  store: Context['store'],
  sha256: string,
): Promise<readonly { readonly key: string; readonly value: string }[]> {
  try {
    return decodeModel(await store.read(sha256)).metadataProps;
  } catch (error) {
    if (Failure.from(error).code === 'STORE_NOT_FOUND') return [];
    throw error;
  }
}

function entries(
  record: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}
