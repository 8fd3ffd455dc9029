import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Failure, type FailureCode, FAILURES } from '@kneepoint/failures';
import type { ByteRange } from './artifact-store.ts';
import type { FolderStore } from './folder-store.ts';

/** Answers a request when its path is one of these routes; resolves with false, touching nothing, when it is not. */
export type HttpRoutes = (
  request: IncomingMessage,
  response: ServerResponse,
  /** Told of what is not the caller's fault, and of which the caller learns no more than its code. */
  onError?: (failure: Failure) => void,
) => Promise<boolean>;

const STATUS: Partial<Record<FailureCode, number>> = {
  URL_SIGNATURE_INVALID: 403,
  URL_EXPIRED: 403,
  STORE_NOT_FOUND: 404,
  STORE_ADDRESS_INVALID: 400,
  UPLOAD_INVALID: 400,
  STORE_FULL: 507,
};

/**
 * What the gateway mounts so that the signed addresses of a folder store work: `GET|HEAD /artifacts/<sha256>` with
 * byte ranges, `PUT /uploads/<id>` up to the announced size. Failures are answered as JSON.
 */
export function artifactRoutes(store: FolderStore): HttpRoutes {
  return async (request, response, onError) => {
    const address = request.url ?? '/';
    const [, collection, name] = /^\/(artifacts|uploads)\/([^/?]+)/.exec(address) ?? [];
    if (collection === undefined || name === undefined) return false;
    try {
      if (collection === 'uploads' && request.method === 'PUT') await upload(store, address, name, request, response);
      else if (collection === 'artifacts' && (request.method === 'GET' || request.method === 'HEAD')) {
        await download(store, address, name, request, response);
      } else answer(response, 405, { message: `${request.method} is not possible here` });
    } catch (error) {
      const failure = Failure.from(error);
      const status = STATUS[failure.code];
      if (status === undefined) onError?.(failure);
      // what of the body was not read would be taken for the next request
      response.setHeader('connection', 'close');
      if (response.headersSent) response.destroy();
      else if (status === undefined)
        answer(response, 500, {
          code: failure.code,
          message: FAILURES[failure.code].cause,
          retryable: failure.retryable,
        });
      else answer(response, status, { ...failure.toJSON(), retryable: failure.retryable });
    }
    return true;
  };
}

async function upload(
  store: FolderStore,
  address: string,
  uploadId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { parameters } = store.verify('PUT', address);
  const bytes = Number(parameters['bytes']);
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) !== bytes) {
    throw new Failure('UPLOAD_INVALID', `The request has ${announced} bytes where ${bytes} were announced`, {
      where: uploadId,
      fix: 'ask for a new upload with the right size',
    });
  }
  await store.acceptUpload(uploadId, request, bytes);
  answer(response, 200, { uploadId, bytes });
}

async function download(
  store: FolderStore,
  address: string,
  sha256: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // one signature serves both: HEAD tells nothing that GET does not
  const { parameters } = store.verify('GET', address);
  const { bytes } = await store.stat(sha256);
  const range = parseRange(request.headers.range, bytes);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${bytes}` }).end();
    return;
  }
  const filename = parameters['filename'];
  response.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': range === undefined ? bytes : range.end - range.start + 1,
    'accept-ranges': 'bytes',
    etag: `"${sha256}"`,
    'x-content-type-options': 'nosniff',
    ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${bytes}` }),
    ...(filename === undefined
      ? {}
      : { 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(filename)}` }),
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(await store.openRead(sha256, range), response);
}

/** One range of RFC 9110 §14; several ranges or another unit are answered with the whole. */
function parseRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  return start <= end && start < bytes ? { start, end } : 'unsatisfiable';
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
