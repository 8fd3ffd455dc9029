import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { available, type RunningService, startMinio } from '../../../../test/support/services.ts';
import { artifactRoutes } from './artifact-routes.ts';
import type { ArtifactStore, UploadPart } from './artifact-store.ts';
import { FolderStore } from './folder-store.ts';
import { openStore } from './open-store.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A store of one kind under test, and a way to damage an object behind its back. */
interface Target {
  store: ArtifactStore;
  home: string;
  damage: (sha256: string, bytes: Uint8Array) => Promise<void>;
  close: () => Promise<void>;
}

async function folder(): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), 'kneepoint-store-'));
  let port = 0;
  const store = await FolderStore.open(join(home, 'artifacts'), {
    baseUrl: () => `http://127.0.0.1:${port}`,
    signingKey: 'key of the test',
  });
  const routes = artifactRoutes(store);
  const server: Server = createServer((request, response) => {
    void routes(request, response).then((handled) => handled || response.writeHead(404).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    store,
    home,
    damage: async (name, bytes) => {
      const path = join(home, 'artifacts', 'sha256', name.slice(0, 2), name.slice(2));
      await rm(path);
      await writeFile(path, bytes);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await rm(home, { recursive: true });
    },
  };
}

async function minio(): Promise<Target> {
  const home = await mkdtemp(join(tmpdir(), 'kneepoint-store-'));
  const server: RunningService = await startMinio();
  const store = await openStore(server.url, { cacheDir: join(home, 'cache') });
  const { minioClient, parseMinioUrl } = await import('./minio-client.ts');
  const client = minioClient(parseMinioUrl(server.url));
  return {
    store,
    home,
    damage: async (name, bytes) => {
      const key = `sha256/${name.slice(0, 2)}/${name.slice(2)}`;
      await client.putObject('artifacts', key, Buffer.from(bytes));
    },
    close: async () => {
      await server.stop();
      await rm(home, { recursive: true });
    },
  };
}

const implementations = [
  { name: 'FolderStore', here: true, open: folder },
  { name: 'MinioStore', here: available('minio'), open: minio },
].filter(({ here }) => here);

describe.each(implementations)('$name', ({ open }) => {
  let target: Target;
  let store: ArtifactStore;
  const path = (): string => join(target.home, randomUUID());

  beforeAll(async () => {
    target = await open();
    store = target.store;
  });
  afterAll(() => target.close());

  test.each([
    ['nothing', 0],
    ['a few bytes', 1_000],
    ['more than one part of an upload', 18_000_000],
  ])('%s come back the same from memory, a file and a stream', async (_title, length) => {
    const bytes = randomBytes(length);
    const name = sha256(bytes);
    const file = path();
    await writeFile(file, bytes);
    const sources = [() => new Uint8Array(bytes), () => file, () => Readable.from(chunks(bytes, 70_001))];
    for (const source of sources) {
      await store.delete(name);
      expect(await store.has(name)).toBe(false);
      expect(await store.put(source())).toEqual({ sha256: name, bytes: length });
      expect(await store.stat(name)).toMatchObject({ bytes: length });
      const copy = path();
      await store.fetch(name, copy);
      expect(sha256(await readFile(copy))).toBe(name);
    }
    expect(sha256(await store.read(name))).toBe(name);
    expect(sha256(await readFile(await store.localPath(name)))).toBe(name);
  });

  test('everything in it can be listed, with size and age, and what is deleted is gone from the list', async () => {
    const { store } = target;
    const before = Date.now() - 2_000;
    const [first, second] = [await store.put(randomBytes(1_000)), await store.put(randomBytes(2_000))];
    const listed = async () => {
      const all = new Map<string, number>();
      for await (const { sha256: name, bytes, storedAt } of store.list()) {
        expect(storedAt.getTime()).toBeGreaterThanOrEqual(before - 120_000);
        all.set(name, bytes);
      }
      return all;
    };
    const all = await listed();
    expect([all.get(first.sha256), all.get(second.sha256)]).toEqual([1_000, 2_000]);
    expect((await store.stat(first.sha256)).storedAt.getTime()).toBeGreaterThanOrEqual(before);
    await store.delete(first.sha256);
    const left = await listed();
    expect([left.has(first.sha256), left.has(second.sha256)]).toEqual([false, true]);
  });

  test('an upload that nobody completed is stale once it is old enough, and can be deleted', async () => {
    const { store } = target;
    const [{ url }] = (await store.presignPut('forgotten', { bytes: 5, expiresSeconds: 60 })) as [UploadPart];
    expect((await fetch(url, { method: 'PUT', body: 'bytes' })).ok).toBe(true);
    expect(await store.listStaleUploads(new Date(Date.now() - 60_000))).toEqual([]);
    expect(await store.listStaleUploads(new Date(Date.now() + 60_000))).toEqual(['forgotten']);
    await store.deleteStaleUpload('forgotten');
    expect(await store.listStaleUploads(new Date(Date.now() + 60_000))).toEqual([]);
    await expect(store.completeUpload('forgotten')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
  });

  test('the same bytes put by many at once are one artifact', async () => {
    const bytes = randomBytes(20_000_000);
    const stored = await Promise.all(Array.from({ length: 4 }, () => store.put(bytes)));
    expect(new Set(stored.map((one) => one.sha256)).size).toBe(1);
    expect(sha256(await store.read(sha256(bytes)))).toBe(sha256(bytes));
  });

  test('many asking for the local file of one artifact get the same one', async () => {
    const { sha256: name } = await store.put(randomBytes(300_000));
    const paths = await Promise.all(Array.from({ length: 8 }, () => store.localPath(name)));
    expect(new Set(paths).size).toBe(1);
    expect(sha256(await readFile(paths[0] ?? ''))).toBe(name);
  });

  test('a range is the same bytes as the slice, and a range outside is refused', async () => {
    const bytes = randomBytes(10_000);
    const { sha256: name } = await store.put(bytes);
    for (const [start, end] of [
      [0, 0],
      [17, 4_095],
      [9_999, 9_999],
      [0, 9_999],
    ] as const) {
      expect(Buffer.from(await store.readRange(name, { start, end }))).toEqual(bytes.subarray(start, end + 1));
    }
    const parts: Buffer[] = [];
    for await (const part of await store.openRead(name, { start: 100, end: 199 })) parts.push(part as Buffer);
    expect(Buffer.concat(parts)).toEqual(bytes.subarray(100, 200));
    for (const range of [
      { start: 0, end: 10_000 },
      { start: -1, end: 5 },
      { start: 6, end: 5 },
    ]) {
      await expect(store.readRange(name, range)).rejects.toMatchObject({ code: 'STORE_ADDRESS_INVALID' });
    }
  });

  test('a damaged object is found out wherever it is read, and leaves no file behind', async () => {
    const bytes = randomBytes(5_000);
    const { sha256: name } = await store.put(bytes);
    const wrong = Buffer.from(bytes);
    wrong[2_500] = (wrong[2_500] ?? 0) ^ 1;
    await target.damage(name, wrong);
    const copy = path();
    await expect(store.fetch(name, copy)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(stat(copy)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await readdir(target.home)).filter((entry) => entry.endsWith('.tmp'))).toEqual([]);
    await expect(store.read(name)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await expect(store.localPath(name)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('an object that lost its end is found out, and storing it again heals it', async () => {
    const bytes = randomBytes(5_000);
    const { sha256: name } = await store.put(bytes);
    await target.damage(name, bytes.subarray(0, 4_000));
    await expect(store.read(name)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await store.put(bytes);
    expect(sha256(await store.read(name))).toBe(name);
  });

  test('what was never stored, or was deleted, is not found; what is no name is refused', async () => {
    const { sha256: name } = await store.put(randomBytes(10));
    await store.delete(name);
    await store.delete(name);
    const notFound = { code: 'STORE_NOT_FOUND' };
    await expect(store.read(name)).rejects.toMatchObject(notFound);
    await expect(store.fetch(name, path())).rejects.toMatchObject(notFound);
    await expect(store.stat(name)).rejects.toMatchObject(notFound);
    await expect(store.localPath(name)).rejects.toMatchObject(notFound);
    await expect(store.openRead(name)).rejects.toMatchObject(notFound);
    await expect(store.presignGet(name, { expiresSeconds: 60 })).rejects.toMatchObject(notFound);
    await expect(store.completeUpload(randomUUID())).rejects.toMatchObject(notFound);
    const bad = { code: 'STORE_ADDRESS_INVALID' };
    for (const wrong of ['', '../../etc/passwd', name.slice(1), name.toUpperCase()]) {
      await expect(Promise.resolve().then(() => store.read(wrong))).rejects.toMatchObject(bad);
      await expect(Promise.resolve().then(() => store.has(wrong))).rejects.toMatchObject(bad);
      await expect(Promise.resolve().then(() => store.completeUpload(`../${wrong}`))).rejects.toMatchObject(bad);
    }
  });

  test('a source that fails half way leaves no artifact and no temporary file', async () => {
    const broken = (async function* () {
      yield await Promise.resolve(randomBytes(100_000));
      throw new Error('sender went away');
    })();
    await expect(store.put(Readable.from(broken))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const entries = await readdir(target.home, { recursive: true });
    expect(entries.filter((entry) => entry.endsWith('.tmp'))).toEqual([]);
  });

  test('a signed address gives the artifact over HTTP under its file name, whole and in ranges', async () => {
    const bytes = randomBytes(50_000);
    const { sha256: name } = await store.put(bytes);
    const address = await store.presignGet(name, { filename: 'größe "1".onnx', expiresSeconds: 60 });
    const whole = await fetch(address);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('content-disposition')).toContain("filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.onnx");
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(name);
    const part = await fetch(address, { headers: { range: 'bytes=10-19' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
  });

  test('an address that was changed, misused or has expired opens nothing', async () => {
    const { sha256: name } = await store.put(randomBytes(100));
    const { sha256: other } = await store.put(randomBytes(100));
    const address = await store.presignGet(name, { expiresSeconds: 60 });
    const refused = async (url: string, init?: RequestInit): Promise<void> => {
      const response = await fetch(url, init);
      expect(response.status).toBe(403);
      expect([name, other]).not.toContain(sha256(new Uint8Array(await response.arrayBuffer())));
    };
    const slashed = (hex: string): string => `${hex.slice(0, 2)}/${hex.slice(2)}`;
    await refused(address.replace(name, other).replace(slashed(name), slashed(other)));
    await refused(
      address.replace(/(ignature=)(.)/, (_all, key: string, digit: string) => key + (digit === '0' ? '1' : '0')),
    );
    await refused(
      address.replace(/(xpires=)(\d+)/, (_all, key: string, value: string) => `${key}${Number(value) + 1}`),
    );
    const short = await store.presignGet(name, { expiresSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await refused(short);
  });

  test('an upload over HTTP becomes an artifact once it is completed, and only once', async () => {
    const bytes = randomBytes(200_000);
    const id = randomUUID();
    const [{ url: address }] = (await store.presignPut(id, { bytes: bytes.length, expiresSeconds: 60 })) as [
      UploadPart,
    ];
    const response = await fetch(address, { method: 'PUT', body: bytes });
    expect(response.status).toBe(200);
    expect(await store.has(sha256(bytes))).toBe(false);
    const stored = await store.completeUpload(id, sha256(bytes), { bytes: bytes.length });
    expect(stored).toEqual({ sha256: sha256(bytes), bytes: bytes.length });
    expect(sha256(await store.read(stored.sha256))).toBe(stored.sha256);
    await expect(store.completeUpload(id)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
  });

  test('an upload with another sum or size than announced is refused and forgotten', async () => {
    const bytes = randomBytes(1_000);
    const send = async (announced: number): Promise<{ id: string; status: number }> => {
      const id = randomUUID();
      const [{ url: address }] = (await store.presignPut(id, { bytes: announced, expiresSeconds: 60 })) as [UploadPart];
      return { id, status: (await fetch(address, { method: 'PUT', body: bytes })).status };
    };
    const wrongSum = await send(1_000);
    await expect(store.completeUpload(wrongSum.id, 'a'.repeat(64))).rejects.toMatchObject({ code: 'UPLOAD_INVALID' });
    await expect(store.completeUpload(wrongSum.id)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    // The size is refused before anything of it is kept.
    for (const announced of [1, 999, 1_001]) {
      const { id, status } = await send(announced);
      expect([400, 403]).toContain(status);
      await expect(store.completeUpload(id)).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
    }
    expect(await store.listStaleUploads(new Date(Date.now() + 60_000))).toEqual([]);
    expect(await store.has(sha256(bytes))).toBe(false);
  });

  test('a healthy store says so', () => expect(store.health()).resolves.toBeUndefined());
});

function* chunks(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}
