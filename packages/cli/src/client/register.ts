import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatasetSchema, Preprocess, Reading } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import { note } from '../output.ts';
import type { Connection } from './connect.ts';
import type { GatewayClient } from './gateway-client.ts';
import { describeAnswer, reasonOf } from './http.ts';
import { follow, launch, type RunView } from './runs.ts';

/** Where the store wants which bytes of a file. */
interface UploadPart {
  readonly url: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface ModelRegistration {
  readonly file: string;
  readonly name: string;
  readonly preprocess?: Preprocess;
  readonly primaryTask?: string;
}

export interface DatasetRegistration {
  /** A folder of labelled images, or an archive of one. */
  readonly source: string;
  readonly name: string;
  readonly schema?: DatasetSchema;
  readonly group?: string;
  readonly reading?: Reading;
}

/** Imports a model; the run that comes back carries it. Paths are named to a server on this machine, else bytes are uploaded. */
export async function registerModel(
  connection: Connection,
  model: ModelRegistration,
  signal: AbortSignal,
): Promise<RunView> {
  const { client, local } = connection;
  const path = resolve(model.file);
  await requireFile(path);
  const { packModelFile, preprocessBeside } = await import('@kneepoint/extractor-service');
  // A server on this machine looks beside the file by itself.
  const preprocess = model.preprocess ?? (local ? undefined : await preprocessBeside(path, note));
  const source = local
    ? { path }
    : await withScratch(async (scratch) => ({
        upload: await upload(client, await packModelFile(path, join(scratch, 'model.onnx'), { signal }), signal),
      }));
  const input = {
    name: model.name,
    ...source,
    ...(preprocess ? { preprocess } : {}),
    ...(model.primaryTask ? { primaryTask: model.primaryTask } : {}),
  };
  const run = await follow(
    client,
    await launch(client, 'registerModel', 'RegisterModelInput', input),
    `import ${model.name}`,
    signal,
  );
  for (const text of run.model!.notes)
    process.stderr.write(`warning: ${text}
`);
  return run;
}

/** Imports labelled images; without a server on this machine they are checked and packed here first. */
export async function registerDataset(
  connection: Connection,
  dataset: DatasetRegistration,
  signal: AbortSignal,
): Promise<RunView> {
  const { client, local } = connection;
  const path = resolve(dataset.source);
  const options = {
    ...(dataset.schema ? { schema: dataset.schema } : {}),
    ...(dataset.group ? { group: dataset.group } : {}),
  };
  const { reading } = dataset;
  const title = `import ${dataset.name}`;
  if (local) {
    const input = { name: dataset.name, path, ...options, ...(reading ? { reading } : {}) };
    return follow(client, await launch(client, 'registerDataset', 'RegisterDatasetInput', input), title, signal);
  }
  return withScratch(async (scratch) => {
    const { packSource } = await import('@kneepoint/datasets');
    const out = join(scratch, 'dataset.tar');
    const packed = await packSource(path, { ...options, ...reading, out, scratch, signal });
    const input = { name: dataset.name, upload: await upload(client, packed, signal) };
    return await follow(client, await launch(client, 'registerDataset', 'RegisterDatasetInput', input), title, signal);
  });
}

export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'kneepoint-'));
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function upload(client: GatewayClient, path: string, signal: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const sha256 = hash.digest('hex');
  const { upload: target } = await client.mutate<{ upload: { id: string; parts: readonly UploadPart[] } }>(
    'createUpload',
    'mutation($bytes: SafeInt!) { createUpload(bytes: $bytes) { upload { id parts { url offset bytes } } userErrors { code field message } } }',
    { bytes: size },
  );
  for (const part of target.parts) await sendPart(path, part, signal);
  await completeUpload(client, target.id, sha256, signal);
  return sha256;
}

const CHECK_AGAIN_MS = 500;

/** The server sums up what it got; with a file of gigabytes it is asked again until it has. */
async function completeUpload(client: GatewayClient, id: string, sha256: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await client.mutate(
        'completeUpload',
        'mutation($id: ID!, $sha256: String!) { completeUpload(id: $id, sha256: $sha256) { sha256 userErrors { code field message } } }',
        { id, sha256 },
      );
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'UPLOAD_UNDER_CHECK') throw error;
      await sleep(CHECK_AGAIN_MS, undefined, { signal });
    }
  }
}

async function sendPart(path: string, { url, offset, bytes }: UploadPart, signal: AbortSignal): Promise<void> {
  const refuse = (what: string, cause?: unknown): never => {
    throw new Failure('UPLOAD_REFUSED', `${what} to an upload of ${bytes} bytes`, {
      where: path,
      fix: 'Try again; if it stays so, the log of the store says why.',
      cause,
    });
  };
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-length': String(bytes), 'content-type': 'application/octet-stream' },
    body: createReadStream(path, { start: offset, end: offset + bytes - 1 }),
    duplex: 'half',
    signal,
  } as unknown as RequestInit).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : refuse(`${new URL(url).origin} gave no answer (${reasonOf(error)})`, error);
  });
  if (!response.ok) refuse(`the store answered ${describeAnswer(response, await response.text())}`);
}

async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw new Failure('MODEL_FILE_MISSING', 'there is no such file', { where: path, fix: 'Name an ONNX file.' });
}

/** How a file or folder is called when nobody says it: by its own name without the ending of an archive. */
export function nameOfSource(source: string): string {
  return basename(resolve(source)).replace(/\.(tar\.gz|tgz|tar|zip)$/i, '');
}
