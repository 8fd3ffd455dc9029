import { createHash } from 'node:crypto';
import { FAILURES } from '@kneepoint/failures';
import { describe, expect, it } from 'vitest';
import {
  createClient,
  KneepointError,
  LaunchPruneDocument,
  ModelsDocument,
  RunDocument,
  type RunFieldsFragment,
  succeeded,
} from './index.ts';
import { OWN_CODES } from './errors.ts';

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client whose requests are answered here, in order; what it sent. */
function clientOf(...answers: readonly (object | string | Response)[]) {
  const sent: Sent[] = [];
  const left = [...answers];
  const client = createClient({
    url: 'https://kneepoint.example.org/kp/graphql',
    token: 'secret',
    project: 'faces',
    webSocket: null,
    fetch: async (url, { method = 'GET', headers, body } = {}) => {
      const text = body instanceof Blob ? await body.text() : typeof body === 'string' ? body : '';
      sent.push({
        url: url instanceof Request ? url.url : url.toString(),
        method,
        headers: headers as Record<string, string>,
        body: text,
      });
      const answer = left.shift()!;
      return answer instanceof Response
        ? answer
        : new Response(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
  });
  return { client, sent };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const input = { model: 'm', dataset: 'd', plan: { task: 'yaw' }, epsilons: [0.1] };

describe('a question', () => {
  it('goes to the gateway with what says who asks, and gives its data', async () => {
    const { client, sent } = clientOf({ data: { run: null } });
    expect(await client.query(RunDocument, { id: 'r' })).toEqual({ run: null });
    const [{ url, headers, body }] = sent as [Sent];
    expect(url).toBe('https://kneepoint.example.org/kp/graphql');
    expect(headers).toMatchObject({ authorization: 'Bearer secret', 'x-kneepoint-project': 'faces' });
    expect(JSON.parse(body)).toMatchObject({
      variables: { id: 'r' },
      query: expect.stringContaining('query Run(') as string,
    });
  });

  it('may be of one’s own', async () => {
    const { client } = clientOf({ data: { viewer: { name: 'ada' } } });
    expect(await client.query<{ viewer: { name: string } }>('{ viewer { name } }', {})).toEqual({
      viewer: { name: 'ada' },
    });
  });

  it('for a list goes on until the last page', async () => {
    const page = (id: string, endCursor: string | null) => ({
      data: { models: { edges: [{ node: { id } }], pageInfo: { hasNextPage: endCursor !== null, endCursor } } },
    });
    const { client, sent } = clientOf(page('a', '1'), page('b', null));
    const rows = await client.list(ModelsDocument, { name: 'net' }, ({ models }) => models);
    expect(rows.map(({ id }) => id)).toEqual(['a', 'b']);
    const asked = sent.map(({ body }) => (JSON.parse(body) as { variables: object }).variables);
    expect(asked).toEqual([
      { name: 'net', first: 100, after: null },
      { name: 'net', first: 100, after: '1' },
    ]);
  });
});

describe('what goes wrong is one class of error', () => {
  it('with the code that the server gives, one that this version does not know too', async () => {
    const extensions = { code: 'LATER_CODE', retryable: true, where: 'id', fix: 'Wait.' };
    const failure = clientOf({ errors: [{ message: 'later', extensions }] }).client.query(RunDocument, { id: 'r' });
    await expect(failure).rejects.toThrow(KneepointError);
    await expect(failure).rejects.toMatchObject({ message: 'later', ...extensions });
  });

  it('with the field of a mutation', async () => {
    const userErrors = [{ code: 'EPSILON_INVALID', field: 'input.epsilons.0', message: 'no', retryable: false }];
    const { client } = clientOf({ data: { launchPrune: { run: null, userErrors } } });
    const failure = client.mutate(LaunchPruneDocument, { input });
    await expect(failure).rejects.toMatchObject({
      code: 'EPSILON_INVALID',
      where: 'input.epsilons.0',
      retryable: false,
    });
  });

  it('with what a run failed of', () => {
    const run = {
      id: 'r',
      state: 'FAILED',
      failure: { code: 'DISK_FULL', message: 'full', where: null, fix: 'Free.', retryable: true },
    };
    expect(() => succeeded(run as RunFieldsFragment)).toThrow(
      expect.objectContaining({ code: 'DISK_FULL', message: 'full', fix: 'Free.', retryable: true }),
    );
    const ended = { id: 'r', state: 'CANCELED', failure: null };
    expect(() => succeeded(ended as RunFieldsFragment)).toThrow('the run ended as CANCELED');
  });

  it('whose own codes are those of the registry', () => {
    const known = Object.keys(OWN_CODES).map((code) => [code, FAILURES[code as keyof typeof OWN_CODES]?.retryable]);
    expect(Object.fromEntries(known)).toEqual(OWN_CODES);
  });
});

describe('bytes', () => {
  it('go up in the parts that the gateway names, and are asked about until they are checked', async () => {
    const parts = [
      { url: 'https://store/1', offset: 0, bytes: 4 },
      { url: 'https://store/2', offset: 4, bytes: 2 },
    ];
    const under = [{ code: 'UPLOAD_UNDER_CHECK', field: null, message: 'wait', retryable: true }];
    const { client, sent } = clientOf(
      { data: { createUpload: { upload: { id: 'u', parts }, userErrors: [] } } },
      ...['', ''],
      { data: { completeUpload: { sha256: null, userErrors: under } } },
      { data: { completeUpload: { sha256: 'x', userErrors: [] } } },
    );
    const steps: number[] = [];
    const sum = await client.upload(new Blob(['abcdef']), { onProgress: (bytes) => steps.push(bytes) });
    expect(sum).toBe(sha256('abcdef'));
    expect(steps).toEqual([4, 6]);
    const put = sent.filter(({ method }) => method === 'PUT').map(({ url, body }) => [url, body]);
    expect(put).toEqual([
      ['https://store/1', 'abcd'],
      ['https://store/2', 'ef'],
    ]);
  });

  it('of several files are one archive, the same for the same files', async () => {
    const upload = { id: 'u', parts: [{ url: 'https://store/1', offset: 0, bytes: 1e6 }] };
    const answers = [
      { data: { createUpload: { upload, userErrors: [] } } },
      '',
      { data: { completeUpload: { sha256: 'x', userErrors: [] } } },
    ];
    const files = ['model.onnx', 'weights/part.bin'].map((name) => ({ name, data: new Blob([name]) }));
    const { client, sent } = clientOf(...answers, ...answers);
    expect(await client.uploadModel(files)).toBe(await client.uploadModel([...files].reverse()));
    const [archive = ''] = sent.filter(({ method }) => method === 'PUT').map(({ body }) => body);
    expect(archive.slice(257, 262)).toBe('ustar');
    expect(archive).toContain('weights/part.bin');
  });

  it('come down whole and right, or not at all', async () => {
    const link = { sha256: sha256('abc'), downloadUrl: 'https://store/abc' };
    expect(await (await clientOf('abc').client.download(link)).text()).toBe('abc');
    const wrong = clientOf('abd').client.download(link);
    await expect(wrong).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED', where: link.sha256, retryable: true });
    const unknown = clientOf({ data: { artifact: null } }).client.download(link.sha256);
    await expect(unknown).rejects.toMatchObject({ code: 'ARTIFACT_UNKNOWN' });
  });
});
