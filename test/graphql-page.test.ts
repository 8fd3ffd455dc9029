import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { entriesOf, tarOf } from '../packages/datasets/src/testing/tar-of.ts';
import { filesOf } from './support/files.ts';
import { type CliServer, startCliServer } from './support/cli-server.ts';
import { ADMIN_TOKEN } from './support/kneepoint.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'graphql.md');

/** Blocks of the page by language and name: `graphql launch`. */
const blocks = new Map<string, string>();
const ran = new Set<string>();
let server: CliServer;
let url: string;
/** What one example gives and the next one needs. */
const found: Record<string, string> = {};

beforeAll(async () => {
  const text = await readFile(PAGE, 'utf8');
  for (const [, head, body] of text.matchAll(/^```(\w+ [\w-]+)\n([\s\S]*?)^```$/gm)) blocks.set(head!, body!);
  server = await startCliServer('graphql', { count: 120 });
  ({ url } = JSON.parse(await readFile(join(server.data, 'server.json'), 'utf8')) as { url: string });
});
afterAll(() => server.stop());

function document(name: string): string {
  ran.add(name);
  return blocks.get(`graphql ${name}`)!;
}

/** The variables that the page shows, with what it writes in capitals filled in. */
function variables(name: string): object {
  const text = blocks.get(`json ${name}`) ?? '{}';
  return JSON.parse(
    text.replaceAll(/"([A-Z][A-Z0-9]+)"/g, (all, key: string) => JSON.stringify(found[key] ?? key)),
  ) as object;
}

interface Answer<Data> {
  readonly data: Data;
  readonly errors?: readonly object[];
}

async function post<Data>(name: string, given: object = variables(name)): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ query: document(name), variables: given }),
  });
  return (await response.json()) as Answer<Data>;
}

/** The data of an example that is not about errors. */
async function ask<Data>(name: string, given?: object): Promise<Data> {
  const { data, errors } = await post<Data>(name, given);
  expect(errors).toBeUndefined();
  for (const payload of Object.values(data as Record<string, { userErrors?: unknown }>)) {
    expect(payload.userErrors ?? []).toEqual([]);
  }
  return data;
}

const socket = () =>
  createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${ADMIN_TOKEN}` },
    webSocketImpl: WebSocket,
  });

async function upload(bytes: Buffer): Promise<string> {
  interface Created {
    readonly createUpload: {
      readonly upload: { readonly id: string; readonly parts: { url: string; offset: number; bytes: number }[] };
    };
  }
  const { upload: made } = (await ask<Created>('create-upload', { bytes: bytes.length })).createUpload;
  for (const part of made.parts) {
    const body = new Uint8Array(bytes.subarray(part.offset, part.offset + part.bytes));
    expect((await fetch(part.url, { method: 'PUT', body })).ok).toBe(true);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const done = await ask<{ completeUpload: { sha256: string } }>('complete-upload', { id: made.id, sha256 });
  expect(done.completeUpload.sha256).toBe(sha256);
  return sha256;
}

interface Registered {
  readonly state: string;
  readonly failure: object | null;
  readonly model: { readonly id: string; readonly taps: readonly { readonly layer: string }[] } | null;
  readonly dataset: { readonly id: string; readonly images: number } | null;
}

async function registered(id: string): Promise<Registered> {
  for (;;) {
    const { run } = await ask<{ run: Registered }>('registered', { id });
    expect(run.failure).toBeNull();
    if (run.state === 'SUCCEEDED') return run;
    await sleep(200);
  }
}

describe('docs/graphql.md', () => {
  it('sends files and registers them', async () => {
    const model = await readFile(server.sample.model);
    const images = await tarOf(entriesOf(await filesOf(server.sample.faces), 'faces/'));
    for (const [what, bytes] of [
      ['model', model],
      ['dataset', images],
    ] as const) {
      found['SHA256'] = await upload(bytes);
      const launched = await ask<Record<string, { run: { id: string } }>>(`register-${what}`);
      const run = await registered(Object.values(launched)[0]!.run.id);
      found[what.toUpperCase()] = run[what]!.id;
      found['LAYER'] ??= run.model!.taps.at(-1)!.layer;
    }
  });

  it('launches, names and follows a run', async () => {
    const all = socket();
    const told = all.iterate<{ runsUpdated: { id: string; name: string } }>({ query: document('follow-all') });
    const first = told.next();
    const { launchPrune } = await ask<{ launchPrune: { run: { id: string } } }>('launch');
    const again = await ask<{ launchPrune: { run: { id: string } } }>('launch');
    expect(again.launchPrune.run.id).toBe(launchPrune.run.id);
    const { id } = launchPrune.run;
    found['RUN'] = id;
    expect((await first).value).toMatchObject({ data: { runsUpdated: { id, name: 'half of it' } } });
    await all.dispose();
    const { updateRun } = await ask<{ updateRun: { run: object } }>('update-run', { id });
    expect(updateRun.run).toMatchObject({ name: 'half of its MACs', labels: [{ key: 'team' }, { key: 'ticket' }] });
    const one = socket();
    const states: { seq: number; state: string }[] = [];
    for await (const { data } of one.iterate<{ runUpdated: { seq: number; state: string } }>({
      query: document('follow'),
      variables: { id },
    })) {
      states.push(data!.runUpdated);
    }
    await one.dispose();
    expect(states.at(-1)).toMatchObject({ state: 'SUCCEEDED', progress: { fraction: 1 } });
    expect(states.map(({ seq }) => seq)).toEqual([...new Set(states.map(({ seq }) => seq))].sort((a, b) => a - b));
  });

  it('finds the results, and what they came of', async () => {
    interface Made {
      readonly run: {
        readonly input: object;
        readonly prunings: { readonly edges: { readonly node: Cut }[] };
      };
    }
    interface Cut {
      readonly label: string;
      readonly model: { readonly id: string; readonly sha256: string; readonly downloadUrl: string };
      readonly result: {
        readonly verdict: string;
        readonly before: { readonly macs: number };
        readonly after: { readonly macs: number };
      };
    }
    const { run } = await ask<Made>('results', { id: found['RUN'] });
    const {
      idempotencyKey: _key,
      run: said,
      ...input
    } = (variables('launch') as { input: Record<string, unknown> }).input;
    expect(run).toMatchObject({
      name: 'half of its MACs',
      tasks: ['gender'],
      metadata: (said as { metadata: object }).metadata,
    });
    expect(run.input).toEqual(input);
    const { label, model, result } = run.prunings.edges[0]!.node;
    expect(label).toBe('macs-50pct');
    expect(result.after.macs).toBeLessThanOrEqual(result.before.macs / 2);
    expect(result.verdict).toMatch(/\.$/);
    const bytes = Buffer.from(await (await fetch(model.downloadUrl)).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(model.sha256);
    const { node } = await ask<{ node: { downloadUrl: string } }>('node', { id: model.id });
    expect(node).toMatchObject({ id: model.id, sha256: model.sha256, bytes: bytes.length });
    expect((await fetch(node.downloadUrl)).headers.get('content-disposition')).toContain('half.onnx');
  });

  it('tells which filters a task uses, and what one of them answers to', async () => {
    interface Filters {
      readonly filterUse: { readonly filters: number; readonly tasks: readonly { readonly kept: number[] }[] };
      readonly filterResponses: {
        readonly bins: readonly { readonly name: string; readonly images: number }[];
        readonly most: readonly { readonly response: number; readonly start: number; readonly bytes: number }[];
        readonly archive: { readonly downloadUrl: string };
      };
    }
    const { filterUse, filterResponses } = await ask<Filters>('filters');
    // 120 drawn faces may tell nothing of a task; what is kept is named once, and is there.
    const { kept } = filterUse.tasks[0]!;
    expect(kept).toEqual([...new Set(kept)].filter((filter) => filter >= 0 && filter < filterUse.filters));
    expect(filterResponses.bins.reduce((sum, { images }) => sum + images, 0)).toBe(120);
    const [first, second] = filterResponses.most;
    expect(first!.response).toBeGreaterThanOrEqual(second!.response);
    const range = `bytes=${first!.start}-${first!.start + first!.bytes - 1}`;
    const picture = await fetch(filterResponses.archive.downloadUrl, { headers: { range } });
    expect(
      Buffer.from(await picture.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('pages', async () => {
    interface Listed {
      readonly runs: {
        readonly totalCount: number;
        readonly edges: { readonly node: { readonly id: string } }[];
        readonly pageInfo: {
          readonly hasNextPage: boolean;
          readonly hasPreviousPage: boolean;
          readonly endCursor: string;
        };
      };
    }
    const { runs } = await ask<Listed>('list', {});
    expect(runs).toMatchObject({ totalCount: 1, edges: [{ node: { id: found['RUN'] } }] });
    expect(runs.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
    const { runs: after } = await ask<Listed>('list', { after: runs.pageInfo.endCursor });
    expect(after).toMatchObject({ edges: [], pageInfo: { hasPreviousPage: true, startCursor: null } });
  });

  it('shows mistakes as they are answered', async () => {
    expect(await post('user-error')).toEqual(JSON.parse(blocks.get('json user-error-answer')!));
    const shown = JSON.parse(blocks.get('json error-answer')!) as { errors: { extensions: object }[] };
    shown.errors[0]!.extensions = { ...shown.errors[0]!.extensions, requestId: expect.any(String) as string };
    expect(await post('error')).toEqual(shown);
    const { failureCodes } = await ask<{ failureCodes: { code: string; retryable: boolean }[] }>('codes');
    expect(failureCodes).toContainEqual(expect.objectContaining({ code: 'TASK_UNKNOWN', retryable: false }));
  });

  it('has no example that this file does not run', () => {
    const named = [...blocks.keys()].filter((head) => head.startsWith('graphql ')).map((head) => head.slice(8));
    expect(named.filter((name) => !ran.has(name))).toEqual([]);
  });
});
