import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as forward, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { available, freePort, type RunningService, startMinio } from '../../../../test/support/services.ts';
import type { UploadPart } from './artifact-store.ts';
import { minioClient, parseMinioUrl } from './minio-client.ts';
import { MinioStore } from './minio-store.ts';
import { openStore, type StoreOptions } from './open-store.ts';

/** Hand it on, answer with this status instead, or break off the answer. */
type Verdict = 'pass' | number | 'truncate';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!available('minio'))('MinioStore and its server', () => {
  let minio: RunningService;
  let home: string;
  const proxies: Server[] = [];

  beforeAll(async () => {
    minio = await startMinio();
    home = await mkdtemp(join(tmpdir(), 'kneepoint-minio-'));
  });
  afterEach(() => {
    for (const proxy of proxies.splice(0)) {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
  afterAll(async () => {
    await minio.stop();
    await rm(home, { recursive: true });
  });

  const open = (url = minio.url, options: StoreOptions = {}) =>
    openStore(url, { cacheDir: join(home, 'cache'), retryDelaysMs: [5, 10, 20], ...options });

  /** A server between store and MinIO that answers some requests itself. */
  const between = async (meddle: (incoming: IncomingMessage) => Verdict | Promise<Verdict>) => {
    const proxy = createServer((incoming, outgoing) => void pass(incoming, outgoing)).listen(0, '127.0.0.1');
    const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
      const verdict = await meddle(incoming);
      if (typeof verdict === 'number') {
        incoming.resume().once('end', () => outgoing.writeHead(verdict).end());
        return;
      }
      const { method, url, headers } = incoming;
      const onward = forward({ port: minio.port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        if (verdict === 'pass') answer.pipe(outgoing);
        else answer.once('data', (chunk: Buffer) => outgoing.write(chunk.subarray(0, 10), () => outgoing.destroy()));
      });
      incoming.pipe(onward);
    };
    proxies.push(proxy);
    await once(proxy, 'listening');
    const { port } = proxy.address() as { port: number };
    return { url: minio.url.replace(`:${minio.port}`, `:${port}`) };
  };

  test('an artifact that is put again counts as new, and keeps its bytes and its type', async () => {
    const address = parseMinioUrl(minio.url);
    const store = await MinioStore.open(address, { cacheDir: join(home, 'renewed'), renewAfterMs: 0 });
    const bytes = randomBytes(500);
    const { sha256: name } = await store.put(bytes, { mediaType: 'text/plain' });
    const { storedAt } = await store.stat(name);
    await sleep(1_100); // the server tells seconds
    await store.put(bytes, { mediaType: 'text/plain' });
    expect((await store.stat(name)).storedAt.getTime()).toBeGreaterThan(storedAt.getTime());
    expect(Buffer.from(await store.read(name)).equals(bytes)).toBe(true);
    const key = `sha256/${name.slice(0, 2)}/${name.slice(2)}`;
    const { metaData } = await minioClient(address).statObject(address.bucket, key);
    expect(metaData['content-type']).toBe('text/plain');
    const lazy = await open();
    const { storedAt: before } = await lazy.stat(name);
    await sleep(1_100);
    await lazy.put(bytes);
    expect((await lazy.stat(name)).storedAt).toEqual(before);
  });

  test('a passing 503 is outlived, a lasting one is reported as unavailable', async () => {
    const { sha256: name } = await (await open()).put(randomBytes(100));
    let broken = 2;
    const { url } = await between(() => (broken-- > 0 ? 503 : 'pass'));
    const store = await open(url);
    expect((await store.stat(name)).bytes).toBe(100);
    broken = 1_000;
    await expect(store.stat(name)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
  });

  test('an answer that breaks off is asked for again, and never taken for the whole', async () => {
    const bytes = randomBytes(100_000);
    const { sha256: name } = await (await open()).put(bytes);
    let truncations = 1;
    const { url } = await between(({ method }) => (method === 'GET' && truncations-- > 0 ? 'truncate' : 'pass'));
    const store = await open(url);
    truncations = 1;
    expect(sha256(await store.read(name))).toBe(name);
    truncations = 1_000;
    const to = join(home, 'never');
    await expect(store.fetch(name, to)).rejects.toMatchObject({ retryable: true });
    await expect(stat(to)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a part of a large upload that fails is sent again', async () => {
    const bytes = randomBytes(18_000_000);
    let fail = 1;
    const { url } = await between(({ url: path }) => (path?.includes('partNumber=2') && fail-- > 0 ? 500 : 'pass'));
    const store = await open(url);
    await store.put(bytes);
    expect(fail).toBe(-1);
    expect(sha256(await store.read(sha256(bytes)))).toBe(sha256(bytes));
  });

  test('an upload that cannot be finished leaves no parts behind', async () => {
    const { url } = await between(({ url: path }) => (path?.includes('partNumber=2') ? 500 : 'pass'));
    const bytes = randomBytes(18_000_000);
    await expect((await open(url)).put(bytes)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const client = minioClient(parseMinioUrl(minio.url));
    const left: unknown[] = [];
    for await (const upload of client.listIncompleteUploads('artifacts', '', true)) left.push(upload);
    expect(left).toEqual([]);
    expect(await (await open()).has(sha256(bytes))).toBe(false);
  });

  test('concurrent callers of localPath download once, later ones not at all', async () => {
    const { sha256: name } = await (await open()).put(randomBytes(50_000));
    let downloads = 0;
    const { url } = await between(({ method, url: path }) => {
      if (method === 'GET' && path?.includes(name.slice(2))) downloads += 1;
      return 'pass';
    });
    const store = await open(url);
    await Promise.all(Array.from({ length: 6 }, () => store.localPath(name)));
    await store.localPath(name);
    expect(downloads).toBe(1);
  });

  test('a local copy that was damaged is fetched anew', async () => {
    const { sha256: name } = await (await open()).put(randomBytes(1_000));
    const store = await open();
    const path = await store.localPath(name);
    await rm(path);
    await writeFile(path, 'damaged');
    expect(sha256(await readFile(await store.localPath(name)))).toBe(name);
  });

  test('addresses name the public host and carry a signature that it accepts', async () => {
    const outside = await between(() => 'pass');
    const { port } = new URL(outside.url);
    const store = await open(minio.url, { publicUrl: `http://localhost:${port}` });
    const { sha256: name } = await store.put(randomBytes(10));
    const address = await store.presignGet(name, { expiresSeconds: 60 });
    expect(new URL(address).host).toBe(`localhost:${port}`);
    expect((await fetch(address)).status).toBe(200);
  });

  test('five megabytes where a thousand bytes were announced are refused by the server, and nothing of them is kept', async () => {
    const store = await open();
    const [part] = await store.presignPut('thousand', { bytes: 1_000, expiresSeconds: 60 });
    const send = async (body: Buffer | ReadableStream): Promise<number> => {
      const init = { method: 'PUT', body, duplex: 'half' } as unknown as RequestInit;
      return (await fetch(part!.url, init)).status;
    };
    expect(await send(randomBytes(5_000_000))).toBe(403);
    // Without a length there is nothing to compare.
    expect(await send(new Blob([randomBytes(2_000)]).stream())).toBe(411);
    expect(await store.listStaleUploads(new Date(Date.now() + 60_000))).not.toContain('thousand');
    const bytes = randomBytes(1_000);
    expect(await send(bytes)).toBe(200);
    expect(await store.completeUpload('thousand', sha256(bytes))).toEqual({ sha256: sha256(bytes), bytes: 1_000 });
  });

  test('an upload that is replaced while it is completed never ends up under the sum of what it was', async () => {
    const [first, second] = [randomBytes(1_000), randomBytes(1_000)];
    const direct = await open();
    const [part] = await direct.presignPut('swap', { bytes: 1_000, expiresSeconds: 60 });
    const address = part!.url;
    let swapped = false;
    const { url } = await between(async ({ headers }): Promise<Verdict> => {
      if (headers['x-amz-copy-source'] !== undefined && !swapped) {
        swapped = true;
        await fetch(address, { method: 'PUT', body: second });
      }
      return 'pass';
    });
    const store = await open(url);
    await fetch(address, { method: 'PUT', body: first });
    expect(await store.completeUpload('swap')).toEqual({ sha256: sha256(second), bytes: 1_000 });
    expect(await store.has(sha256(first))).toBe(false);

    swapped = false;
    await fetch(address, { method: 'PUT', body: first });
    await expect(store.completeUpload('swap', sha256(first))).rejects.toMatchObject({ code: 'UPLOAD_INVALID' });
  });

  describe('an upload that is too large for one request', () => {
    const PART = 5 * 2 ** 20;
    const inParts = (url = minio.url) =>
      MinioStore.open(parseMinioUrl(url), { cacheDir: join(home, 'parts'), partBytes: PART, retryDelaysMs: [5, 10] });
    const send = (bytes: Buffer, { url, offset, bytes: length }: UploadPart) =>
      fetch(url, { method: 'PUT', body: new Uint8Array(bytes.subarray(offset, offset + length)) });
    const uploads = async () => await (await inParts()).listStaleUploads(new Date(Date.now() + 60_000));

    test('is sent in parts, in any order, and is one artifact in the end', async () => {
      const store = await inParts();
      const bytes = randomBytes(2 * PART + 1);
      const parts = await store.presignPut('large', { bytes: bytes.length, expiresSeconds: 60 });
      expect(parts.map(({ offset, bytes: length }) => [offset, length])).toEqual([
        [0, PART],
        [PART, PART],
        [2 * PART, 1],
      ]);
      for (const part of parts.toReversed()) expect((await send(bytes, part)).status).toBe(200);
      const name = sha256(bytes);
      expect(await store.completeUpload('large', name)).toEqual({ sha256: name, bytes: bytes.length });
      expect(sha256(await store.read(name))).toBe(name);
      expect(await uploads()).toEqual([]);
      await expect(store.completeUpload('large', name)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    });

    test('is refused without one of them, and leaves nothing', async () => {
      const store = await inParts();
      const bytes = randomBytes(2 * PART);
      const [first] = await store.presignPut('half', { bytes: bytes.length, expiresSeconds: 60 });
      await send(bytes, first!);
      await expect(store.completeUpload('half', sha256(bytes))).rejects.toMatchObject({ code: 'UPLOAD_INVALID' });
      expect(await uploads()).toEqual([]);
      expect(await store.has(sha256(bytes))).toBe(false);
    });

    test('whose part is replaced while it is put together never ends up under the sum of what it was', async () => {
      const [first, second] = [randomBytes(2 * PART), randomBytes(2 * PART)];
      const parts = await (await inParts()).presignPut('swap-parts', { bytes: first.length, expiresSeconds: 60 });
      let read = 0;
      const { url } = await between(async ({ method, url: path = '' }): Promise<Verdict> => {
        // The first question about a part after both were read is that of the assembly.
        if (method === 'GET' && path.includes('uploads/')) read += 1;
        if (method === 'HEAD' && path.includes('uploads/') && read === parts.length) {
          read += 1;
          await send(second, parts[1]!);
        }
        return 'pass';
      });
      for (const part of parts) await send(first, part);
      const mixed = sha256(Buffer.concat([first.subarray(0, PART), second.subarray(PART)]));
      const store = await inParts(url);
      expect(await store.completeUpload('swap-parts')).toEqual({ sha256: mixed, bytes: first.length });
      expect(read).toBeGreaterThan(parts.length);
      expect(await store.has(sha256(first))).toBe(false);
      expect(sha256(await store.read(mixed))).toBe(mixed);
    });
  });

  test('wrong keys are misconfigured, no server is unavailable, and neither message tells a secret', async () => {
    const wrong = await open(minio.url.replace('kneepoint-secret', 'wrong-secret')).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: 'STORE_MISCONFIGURED' });
    const port = await freePort();
    const gone = await open(minio.url.replace(`:${minio.port}`, `:${port}`)).catch((error: unknown) => error);
    expect(gone).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(JSON.stringify([wrong, gone])).not.toMatch(/wrong-secret|kneepoint-secret/);
  });

  test('a restarted server is used again without a new store', async () => {
    const store = await openStore(minio.url, { cacheDir: join(home, 'cache') });
    const { sha256: name } = await store.put(randomBytes(10));
    await minio.signal('SIGKILL');
    const [read] = await Promise.all([store.read(name), sleep(100).then(() => minio.start())]);
    expect(sha256(read)).toBe(name);
    await store.health();
  });
});

test.each([
  ['s3://host:9000/bucket', 'no access and secret key'],
  ['s3://a:b@host:9000', 'bucket'],
  ['s3://a:b@host:9000/B', 'bucket'],
  ['s3://a:b@host:9000/bucket/deeper', 'bucket'],
])('%s is refused as a store', async (url, reason) => {
  await expect(openStore(url)).rejects.toMatchObject({ code: 'CONFIG_INVALID', where: 'ARTIFACTS_URL' });
  await expect(openStore(url)).rejects.toThrow(reason);
});
