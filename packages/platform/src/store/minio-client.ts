import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '@kneepoint/failures';
import { Client, type ClientOptions } from 'minio';
import { storeFailure } from './store-failure.ts';
import { awsKeys, CurrentKeys, fixedKeys, type KeySource } from './store-keys.ts';

export interface MinioAddress {
  readonly endPoint: string;
  readonly port: number;
  readonly useSSL: boolean;
  readonly keys: KeySource;
  /** MinIO takes any; set so that signing an address needs no request. */
  readonly region: string;
  readonly bucket: string;
}

export interface MinioKeys {
  readonly accessKey?: string;
  readonly secretKey?: string;
}

/** Milliseconds without a byte, either way, after which a request is given up: a server that hangs is a server that is down. */
const STALL_MS = 30_000;

/** Milliseconds between the tries of a request: together long enough for a server that restarts. */
export const RETRY_DELAYS_MS: readonly number[] = [150, 300, 600, 1_200, 2_400];

/**
 * Reads `s3://[ACCESS:SECRET@]host[:port]/bucket[?tls=true&region=…&identity=aws]`; keys may come from elsewhere, or are lent by AWS.
 * Throws CONFIG_INVALID.
 */
export function parseMinioUrl(url: string, keys: MinioKeys = {}): MinioAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const bucket = parsed?.pathname.slice(1) ?? '';
  if (parsed === undefined || parsed.protocol !== 's3:' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw invalid('it is not s3://host:port/bucket with a bucket name of 3 to 63 of a-z 0-9 . -');
  }
  const useSSL = parsed.searchParams.get('tls') === 'true';
  return {
    endPoint: parsed.hostname,
    port: parsed.port === '' ? (useSSL ? 443 : 80) : Number(parsed.port),
    useSSL,
    keys: keysOf(parsed, keys),
    region: parsed.searchParams.get('region') ?? 'us-east-1',
    bucket,
  };
}

function keysOf(url: URL, given: MinioKeys): KeySource {
  const accessKey = decodeURIComponent(url.username) || given.accessKey;
  const secretKey = decodeURIComponent(url.password) || given.secretKey;
  const identity = url.searchParams.get('identity');
  if (identity !== null) {
    if (identity !== 'aws') throw invalid('its identity is not aws');
    if (accessKey !== undefined || secretKey !== undefined)
      throw invalid('it has an identity, and there are keys, too');
    return awsKeys();
  }
  if (accessKey === undefined || secretKey === undefined) throw invalid('it has no access and secret key');
  return fixedKeys({ accessKey, secretKey });
}

/** The same store as the outside reaches it. Throws CONFIG_INVALID. */
export function publicAddress(inside: MinioAddress, publicUrl: string): MinioAddress {
  const parsed = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.pathname !== '/') {
    throw new Failure('CONFIG_INVALID', 'The public address of the artifact store cannot be used', {
      where: 'ARTIFACTS_PUBLIC_URL',
      fix: 'use http:// or https://, a host and a port, without a path: S3 signatures cover the path',
    });
  }
  const useSSL = parsed.protocol === 'https:';
  return {
    ...inside,
    endPoint: parsed.hostname,
    port: parsed.port === '' ? (useSSL ? 443 : 80) : Number(parsed.port),
    useSSL,
  };
}

export function minioClient({ bucket: _bucket, keys, ...address }: MinioAddress): Client {
  const module = address.useSSL ? https : http;
  return new Client({
    ...address,
    // minio declares one class twice, for each of its two kinds of modules.
    credentialsProvider: new CurrentKeys(keys) as object as NonNullable<ClientOptions['credentialsProvider']>,
    pathStyle: true,
    // its own retries write to the console; `persist` does the same in silence
    retryOptions: { disableRetry: true },
    transport: { request: stallGuarded(module) },
    transportAgent: new module.Agent({ keepAlive: true, maxSockets: 64 }),
  });
}

export type Persist = <T>(where: string, work: () => Promise<T>) => Promise<T>;

/** Repeats an idempotent request that failed for a passing reason; throws the last failure. */
export function persistence(delaysMs: readonly number[]): Persist {
  return async (where, work) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        const failure = storeFailure(error, where);
        const delay = delaysMs[attempt];
        // a damaged transfer comes right the second time, a damaged object never does
        const hopeless = failure.code === 'STORE_FULL' || (failure.code === 'STORE_CORRUPT' && attempt > 0);
        if (delay === undefined || hopeless || !failure.retryable) throw failure;
        await sleep(delay);
      }
    }
  };
}

function stallGuarded(module: typeof http | typeof https): typeof http.request {
  const request = (
    options: http.RequestOptions,
    onResponse?: (response: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const made = module.request(options, onResponse);
    made.setTimeout(STALL_MS, () => made.destroy(new Error(`no byte for ${STALL_MS / 1000} s`)));
    return made;
  };
  return request as typeof http.request;
}

function invalid(reason: string): Failure {
  return new Failure('CONFIG_INVALID', `ARTIFACTS_URL cannot be used: ${reason}`, {
    where: 'ARTIFACTS_URL',
    fix: 'use s3://ACCESS:SECRET@host:9000/bucket, give MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or add identity=aws where AWS lends keys',
  });
}
