import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type DocumentNode, Kind, type OperationDefinitionNode, parse } from 'graphql';

/** How one client asks; everything else of the job is the same for all. */
export interface StockClient {
  request(operation: DocumentNode, variables: Record<string, unknown>): Promise<unknown>;
  /** The states that a run goes through, by subscription; a client without any asks again. */
  follow?(operation: DocumentNode, variables: Record<string, unknown>): AsyncIterable<unknown>;
  close?(): Promise<void> | void;
}

export interface Job {
  /** The bytes of an archive with a model and its weights, and of one with labelled images. */
  readonly model: Uint8Array;
  readonly dataset: Uint8Array;
  readonly name: string;
}

export interface JobDone {
  readonly states: readonly string[];
  readonly label: string;
  readonly network: Uint8Array;
}

interface Payload {
  readonly run: { readonly id: string };
  readonly upload: { readonly id: string; readonly parts: readonly { url: string; offset: number; bytes: number }[] };
  readonly userErrors: readonly { readonly code: string; readonly message: string }[];
}

interface RunView {
  readonly state: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly model: { readonly id: string } | null;
  readonly dataset: { readonly id: string } | null;
  readonly compressions: {
    readonly edges: readonly {
      readonly node: { label: string; model: { sha256: string; bytes: number; downloadUrl: string } };
    }[];
  };
}

const ENDED = ['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];

/** Each operation of job.graphql as a document of its own. */
export async function operations(): Promise<(name: string) => DocumentNode> {
  const { definitions } = parse(await readFile(new URL('job.graphql', import.meta.url), 'utf8'));
  const byName = new Map<string, DocumentNode>(
    definitions
      .filter((definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION)
      .map((definition) => [definition.name!.value, { kind: Kind.DOCUMENT, definitions: [definition] }]),
  );
  return (name) => byName.get(name)!;
}

/** Sends a model and a data set, compresses, follows and fetches. */
export async function doJob(client: StockClient, { model, dataset, name }: Job): Promise<JobDone> {
  const document = await operations();
  const mutate = async (operation: string, variables: Record<string, unknown>): Promise<Payload> => {
    const answer = (await client.request(document(operation), variables)) as Record<string, Payload>;
    const [payload] = Object.values(answer);
    const [error] = payload!.userErrors;
    if (error) throw new Error(`${operation}: ${error.code}: ${error.message}`);
    return payload!;
  };
  const run = async (id: string): Promise<RunView> =>
    ((await client.request(document('Run'), { id })) as { run: RunView }).run;
  const upload = async (bytes: Uint8Array): Promise<string> => {
    const { upload: target } = await mutate('CreateUpload', { bytes: bytes.length });
    for (const part of target.parts) {
      const body = bytes.subarray(part.offset, part.offset + part.bytes) as Uint8Array<ArrayBuffer>;
      const { ok, status } = await fetch(part.url, { method: 'PUT', body });
      if (!ok) throw new Error(`the store answered ${status}`);
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await mutate('CompleteUpload', { id: target.id, sha256 });
    return sha256;
  };
  const states: string[] = [];
  const ended = async ({ run: { id } }: Payload): Promise<RunView> => {
    if (client.follow) {
      for await (const update of client.follow(document('RunUpdated'), { id }))
        states.push((update as { runUpdated: { state: string } }).runUpdated.state);
    }
    for (;;) {
      const now = await run(id);
      if (now.state === 'SUCCEEDED') return now;
      if (ENDED.includes(now.state)) throw new Error(`${now.state}: ${now.failure?.code}: ${now.failure?.message}`);
      states.push(now.state);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  const preprocess = { channels: 'rgb', range: [0, 1], mean: [0.5], std: [0.25] };
  const registered = await ended(
    await mutate('RegisterModel', { input: { name, upload: await upload(model), preprocess } }),
  );
  const imported = await ended(await mutate('RegisterDataset', { input: { name, upload: await upload(dataset) } }));
  const input = {
    model: registered.model!.id,
    dataset: imported.dataset!.id,
    plan: { task: 'gender' },
    targets: [{ kind: 'MACS', remove: 0.5 }],
    arms: [],
  };
  const finished = await ended(await mutate('LaunchCompression', { input }));
  const { label, model: artifact } = finished.compressions.edges[0]!.node;
  const network = new Uint8Array(await (await fetch(artifact.downloadUrl)).arrayBuffer());
  if (createHash('sha256').update(network).digest('hex') !== artifact.sha256) throw new Error('another file came');
  return { states, label, network };
}
