import { createHash, randomBytes } from 'node:crypto';
import { signPath } from '@kneepoint/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestGateway, SIGNING_KEY, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

interface Upload {
  readonly id: string;
  readonly url: string;
  readonly expiresAt: string;
}

interface UserError {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const put = (url: string, body: Uint8Array) =>
  fetch(url, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from(body) });

async function createUpload(bytes: number): Promise<{ upload: Upload | null; userErrors: UserError[] }> {
  const data = await gateway.query<{ createUpload: { upload: Upload | null; userErrors: UserError[] } }>(
    'mutation($bytes: SafeInt!) { createUpload(bytes: $bytes) { upload { id url expiresAt } userErrors { code field message } } }',
    { bytes },
  );
  return data.createUpload;
}

async function completeUpload(id: string, sum: string) {
  const data = await gateway.query<{
    completeUpload: { sha256: string | null; bytes: number | null; userErrors: UserError[] };
  }>(
    'mutation($id: ID!, $sha256: String!) { completeUpload(id: $id, sha256: $sha256) { sha256 bytes userErrors { code field message } } }',
    { id, sha256: sum },
  );
  return data.completeUpload;
}

async function uploaded(bytes: Uint8Array): Promise<string> {
  const { upload } = await createUpload(bytes.length);
  expect((await put(upload!.url, bytes)).status).toBe(200);
  return (await completeUpload(upload!.id, sha256(bytes))).sha256!;
}

async function downloadUrl(sum: string, filename?: string): Promise<string> {
  const data = await gateway.query<{ artifact: { bytes: number; downloadUrl: string } }>(
    'query($sha256: String!, $filename: String) { artifact(sha256: $sha256) { bytes downloadUrl(filename: $filename) } }',
    { sha256: sum, filename },
  );
  return data.artifact.downloadUrl;
}

describe('an upload', () => {
  it('larger than any request body arrives whole, and comes back by its digest', async () => {
    const bytes = randomBytes(3 * 2 ** 20);
    const { upload, userErrors } = await createUpload(bytes.length);
    expect(userErrors).toEqual([]);
    expect(new Date(upload!.expiresAt).getTime() - Date.now()).toBeGreaterThan(59 * 60_000);
    expect((await put(upload!.url, bytes)).status).toBe(200);
    expect(await completeUpload(upload!.id, sha256(bytes))).toEqual({
      sha256: sha256(bytes),
      bytes: bytes.length,
      userErrors: [],
    });
    const response = await fetch(await downloadUrl(sha256(bytes)));
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each([0, -1, 64 * 2 ** 30 + 1])('of %d bytes is not taken', async (bytes) => {
    expect(await createUpload(bytes)).toEqual({
      upload: null,
      userErrors: [
        {
          code: 'UPLOAD_SIZE',
          field: 'bytes',
          message: `${bytes} bytes were announced. Announce 1 to 68719476736 bytes.`,
        },
      ],
    });
  });

  it('longer or shorter than announced is refused, and the address still takes the right one', async () => {
    const { upload } = await createUpload(3);
    for (const body of ['abcd', 'ab']) {
      const response = await put(upload!.url, Buffer.from(body));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'UPLOAD_INVALID' });
    }
    expect((await put(upload!.url, Buffer.from('abc'))).status).toBe(200);
  });

  it('may be completed again after it was, also by two at once, and not as anything else', async () => {
    const bytes = randomBytes(1_000);
    const { upload } = await createUpload(bytes.length);
    await put(upload!.url, bytes);
    const done = { sha256: sha256(bytes), bytes: 1_000, userErrors: [] };
    const twice = () => completeUpload(upload!.id, sha256(bytes));
    expect(await Promise.all([twice(), twice()])).toEqual([done, done]);
    expect(await twice()).toEqual(done);
    expect((await completeUpload(upload!.id, 'a'.repeat(64))).userErrors).toMatchObject([
      { code: 'UPLOAD_INVALID', field: 'sha256' },
    ]);
  });

  it('of which nothing arrived yet can be completed once it has', async () => {
    const { upload } = await createUpload(3);
    const sum = sha256(Buffer.from('abc'));
    expect((await completeUpload(upload!.id, sum)).userErrors).toMatchObject([
      { code: 'STORE_NOT_FOUND', field: null },
    ]);
    await put(upload!.url, Buffer.from('abc'));
    expect((await completeUpload(upload!.id, sum)).sha256).toBe(sum);
  });

  it('of other bytes than were promised is refused and forgotten', async () => {
    const { upload } = await createUpload(3);
    await put(upload!.url, Buffer.from('abc'));
    const { sha256: kept, userErrors } = await completeUpload(upload!.id, 'a'.repeat(64));
    expect([kept, userErrors[0]!.code]).toEqual([null, 'UPLOAD_INVALID']);
    const again = await completeUpload(upload!.id, sha256(Buffer.from('abc')));
    expect(again.userErrors).toHaveLength(1);
  });

  it.each([
    ['../../etc/passwd', 'a'.repeat(64), 'ID_INVALID', 'id'],
    ['00000000-0000-4000-8000-000000000000', 'no digest', 'SOURCE_INVALID', 'sha256'],
  ])('called %s with the sum %s cannot be completed', async (id, sum, code, field) => {
    expect((await completeUpload(id, sum)).userErrors).toMatchObject([{ code, field }]);
  });
});

it('uploads that are begun and not completed are bounded for each principal, in number and bytes, until they expire', async () => {
  const forget = () => gateway.db.prisma.upload.updateMany({ data: { expiresAt: new Date(0) } });
  await forget();
  const begin = async (bytes: number) => {
    const { createUpload: payload } = await gateway.query<{ createUpload: { userErrors: UserError[] } }>(
      `mutation { createUpload(bytes: ${bytes}) { userErrors { code field } } }`,
    );
    return payload.userErrors;
  };
  const refused = [{ code: 'UPLOAD_LIMIT', field: 'bytes' }];
  for (let count = 0; count < 4; count += 1) expect(await begin(64 * 2 ** 30)).toEqual([]);
  expect(await begin(1)).toEqual(refused);
  await forget();
  for (let count = 0; count < 100; count += 1) expect(await begin(1)).toEqual([]);
  expect(await begin(1)).toEqual(refused);
  await forget();
  // Also for those that are begun at once.
  const many = await Promise.all(Array.from({ length: 12 }, () => begin(32 * 2 ** 30)));
  expect(many.filter((errors) => errors.length === 0)).toHaveLength(8);
  await forget();
});

describe('an address', () => {
  const body = Buffer.from('abc');
  const past = 1_000_000_000;
  const future = 99_999_999_999;
  const get = (path: string, expires: number, parameters = {}) =>
    signPath({ method: 'GET', path, parameters, expires }, SIGNING_KEY);

  it('with another size, another file name or no signature is refused', async () => {
    const sum = await uploaded(body);
    const { upload } = await createUpload(3);
    const download = await downloadUrl(sum, 'a.onnx');
    const responses = [
      await put(upload!.url.replace('bytes=3', 'bytes=4'), Buffer.from('abcd')),
      await fetch(download.replace('a.onnx', 'b.exe')),
      await fetch(download.replace(/signature=../, 'signature=')),
      await fetch(`${gateway.url}/artifacts/${sum}`),
      // A download address is no upload address.
      await put(download, body),
    ];
    expect(responses.map(({ status }) => status)).toEqual([403, 403, 403, 403, 404]);
    expect(await responses[0]!.json()).toMatchObject({ code: 'URL_SIGNATURE_INVALID' });
  });

  it.each([
    ['past its time', get(`/artifacts/${'a'.repeat(64)}`, past), 403, 'URL_EXPIRED'],
    ['of nothing that is stored', get(`/artifacts/${'a'.repeat(64)}`, future), 404, 'STORE_NOT_FOUND'],
    ['that leaves the store', get('/artifacts/..%2f..%2fdatabase', future), 400, 'STORE_ADDRESS_INVALID'],
  ])('%s is refused', async (_what, path, status, code) => {
    const response = await fetch(gateway.url + path);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it.each([
    'model.onnx',
    'Größe 50 % "best".onnx',
    "it's;a=b\\c.onnx",
    '模型.onnx',
    'a\r\nset-cookie: b',
    '.'.repeat(300),
  ])('gives a download the name %j', async (filename) => {
    const response = await fetch(await downloadUrl(await uploaded(body), filename));
    expect(response.status).toBe(200);
    const [, encoded] = /^attachment; filename\*=UTF-8''(\S+)$/.exec(response.headers.get('content-disposition')!)!;
    expect(decodeURIComponent(encoded!)).toBe(filename);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-length')).toBe('3');
  });

  it('gives a part of an artifact where a range is asked for', async () => {
    const url = await downloadUrl(await uploaded(body));
    const response = await fetch(url, { headers: { range: 'bytes=1-' } });
    expect([response.status, await response.text()]).toEqual([206, 'bc']);
  });

  it('tells of an artifact that is not there as null', async () => {
    for (const sum of ['a'.repeat(64), '\0', '../x'])
      expect(await gateway.query('query($s: String!) { artifact(sha256: $s) { bytes } }', { s: sum })).toEqual({
        artifact: null,
      });
  });
});
