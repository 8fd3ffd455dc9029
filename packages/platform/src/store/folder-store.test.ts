import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { artifactRoutes } from './artifact-routes.ts';
import { FolderStore } from './folder-store.ts';
import { hashFile } from './write-file.ts';

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('FolderStore', () => {
  let home: string;
  let store: FolderStore;
  let server: Server;
  let port: number;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'kneepoint-folder-'));
    store = await FolderStore.open(home, { baseUrl: () => `http://127.0.0.1:${port}`, signingKey: 'k' });
    const routes = artifactRoutes(store);
    server = createServer((request, response) => {
      void routes(request, response).then((handled) => handled || response.writeHead(404).end('not ours'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(home, { recursive: true });
  });

  test('opening clears what a killed process left behind, and nothing that is fresh', async () => {
    const stale = join(home, 'tmp', 'stale.tmp');
    writeFileSync(stale, 'x');
    utimesSync(stale, 0, 0);
    writeFileSync(join(home, 'tmp', 'fresh.tmp'), 'x');
    await FolderStore.open(home, { baseUrl: () => '', signingKey: 'k' });
    expect(readdirSync(join(home, 'tmp'))).toEqual(['fresh.tmp']);
  });

  test('an upload that is longer than announced is cut off and leaves nothing', async () => {
    const [part] = await store.presignPut('u1', { bytes: 10, expiresSeconds: 60 });
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const init: RequestInit & { duplex: 'half' } = { method: 'PUT', body, duplex: 'half' };
    const answer = await fetch(part!.url, init).then(
      (response) => response.status,
      () => 'cut off',
    );
    expect([400, 'cut off']).toContain(answer);
    expect(files(home)).toEqual([]);
  });

  test('an upload whose sender goes away leaves nothing', async () => {
    const [part] = await store.presignPut('u1', { bytes: 1_000, expiresSeconds: 60 });
    const address = new URL(part!.url);
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `PUT ${address.pathname}${address.search} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf of it`,
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    socket.destroy();
    await expect.poll(() => files(home)).toEqual([]);
    await expect(store.completeUpload('u1')).rejects.toMatchObject({ code: 'STORE_NOT_FOUND' });
  });

  test('what is sent to an address while its upload is completed never lies under the sum of another', async () => {
    const [first, second] = [Buffer.alloc(2 ** 23, 'a'), Buffer.alloc(2 ** 23, 'b')];
    for (let delay = 0; delay < 24; delay += 3) {
      await store.acceptUpload('u2', Readable.from([first]), first.length);
      const again = store.acceptUpload('u2', Readable.from([second]), second.length);
      await sleep(delay);
      const [stored] = await Promise.all([store.completeUpload('u2'), again]);
      expect(await hashFile(await store.localPath(stored.sha256))).toEqual(stored);
      await store.delete(stored.sha256);
      await store.deleteStaleUpload('u2');
    }
  });

  test('routes answer as HTTP asks: HEAD, ranges, wrong methods, other paths', async () => {
    const { sha256 } = await store.put(randomBytes(100));
    const address = await store.presignGet(sha256, { expiresSeconds: 60 });
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '100']);
    const range = async (value: string): Promise<[number, string | null]> => {
      const response = await fetch(address, { headers: { range: value } });
      await response.arrayBuffer();
      return [response.status, response.headers.get('content-range')];
    };
    expect(await range('bytes=90-')).toEqual([206, 'bytes 90-99/100']);
    expect(await range('bytes=-5')).toEqual([206, 'bytes 95-99/100']);
    expect(await range('bytes=0-999')).toEqual([206, 'bytes 0-99/100']);
    expect(await range('bytes=100-')).toEqual([416, 'bytes */100']);
    expect(await range('lines=1-2')).toEqual([200, null]);
    expect((await fetch(address, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/graphql`)).status).toBe(404);
    const refused = await fetch(`http://127.0.0.1:${port}/artifacts/${sha256}`);
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'URL_SIGNATURE_INVALID' }]);
  });
});

const small = join(tmpdir(), `kneepoint-small-${process.pid}`);
const mounted = mountSmall();
afterAll(() => {
  if (mounted) execFileSync('umount', [small]);
  rmSync(small, { recursive: true, force: true });
});

test.runIf(mounted)(
  'a full disk is said to be full, leaves nothing half-written, and works again once there is room',
  async () => {
    const store = await FolderStore.open(join(small, 'store'), { baseUrl: () => '', signingKey: 'k' });
    const kept = await store.put(randomBytes(600_000));
    await expect(store.put(randomBytes(900_000))).rejects.toMatchObject({ code: 'STORE_FULL', retryable: true });
    expect(files(small)).toEqual([kept.sha256.slice(2)]);
    await store.delete(kept.sha256);
    await expect(store.put(randomBytes(900_000))).resolves.toMatchObject({ bytes: 900_000 });
  },
);

/** A file system of 1 MiB; only root may make one. */
function mountSmall(): boolean {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false;
  try {
    rmSync(small, { recursive: true, force: true });
    execFileSync('mkdir', [small]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
