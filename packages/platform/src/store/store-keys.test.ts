import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleProvider } from 'minio/dist/esm/AssumeRoleProvider.mjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { available } from '../../../../test/support/available.ts';
import { type RunningService, startMinio } from '../../../../test/support/services.ts';
import { parseMinioUrl } from './minio-client.ts';
import { openStore } from './open-store.ts';
import { awsKeys } from './store-keys.ts';

const TOKEN = 'what the cluster says of this pod';

describe.skipIf(!available('minio'))('a store of a process without keys', () => {
  let minio: RunningService;
  let lender: Server;
  let folder: string;
  let address: URL;
  let asked: (string | undefined)[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kneepoint-keys-'));
    minio = await startMinio('lent');
    const owned = new URL(minio.url);
    address = new URL(`s3://${owned.host}/lent?identity=aws`);
    const lending = new AssumeRoleProvider({
      ...{ stsEndpoint: `http://${owned.host}`, accessKey: owned.username, secretKey: owned.password },
      ...{ region: 'us-east-1', durationSeconds: 3600 },
    });
    asked = [];
    // As the agent of EKS Pod Identity answers.
    lender = createServer((request, response) => {
      asked.push(request.headers.authorization);
      void lending.getCredentials().then((lent) => {
        const answer = { AccessKeyId: lent.accessKey, SecretAccessKey: lent.secretKey, Token: lent.sessionToken };
        response.end(JSON.stringify({ ...answer, Expiration: new Date(Date.now() + 3_000_000).toISOString() }));
      });
    }).listen(0, '127.0.0.1');
    await once(lender, 'listening');
    const { port } = lender.address() as { port: number };
    await writeFile(join(folder, 'token'), TOKEN);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `http://127.0.0.1:${port}/v1/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', join(folder, 'token'));
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    // A home without profiles.
    vi.stubEnv('HOME', folder);
  });

  afterAll(async () => {
    vi.unstubAllEnvs();
    lender.close();
    await minio.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is written, read and signed for with keys that are lent for what the pod is', async () => {
    const store = await openStore(address.href, { cacheDir: join(folder, 'cache') });
    const bytes = Buffer.from('a small network');
    const { sha256 } = await store.put(bytes);
    expect(Buffer.from(await store.read(sha256))).toEqual(bytes);

    const signed = await store.presignGet(sha256, { expiresSeconds: 60, filename: 'small.onnx' });
    expect(new URL(signed).searchParams.get('X-Amz-Security-Token')).toBeTruthy();
    expect(Buffer.from(await (await fetch(signed)).arrayBuffer())).toEqual(bytes);

    const [part] = await store.presignPut('0198c0de', { bytes: bytes.length, expiresSeconds: 60 });
    expect((await fetch(part!.url, { method: 'PUT', body: bytes })).status).toBe(200);
    expect((await store.completeUpload('0198c0de')).sha256).toBe(sha256);

    // Once, not for each request; and by the token, so that not any process on the machine is lent them.
    expect(asked).toEqual([TOKEN]);
  });

  it('is told what is missing where nobody lends keys', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', '');
    await expect(awsKeys()()).rejects.toMatchObject({ code: 'STORE_MISCONFIGURED', where: 'ARTIFACTS_URL' });
  });
});

it.each([
  ['s3://host/bucket?identity=gcp', {}],
  ['s3://a:b@host/bucket?identity=aws', {}],
  ['s3://host/bucket?identity=aws', { accessKey: 'a', secretKey: 'b' }],
  ['s3://host/bucket', {}],
])('%s with the keys %j is refused', (url, keys) => {
  expect(() => parseMinioUrl(url, keys)).toThrow(/ARTIFACTS_URL cannot be used/);
});
