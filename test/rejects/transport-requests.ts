import { signPath } from '@kneepoint/platform';
import { JSON_HEADERS } from '../support/kneepoint.ts';
import type { Outcome } from './outcome.ts';
import { type BadRequest, query, SHA, type World } from './senders.ts';
import { SIGNING_KEY } from './server.ts';

interface GraphqlError {
  readonly message: string;
  readonly extensions: Partial<Outcome>;
}

/** A plain HTTP request; the status stands before the message. */
const http =
  (path: (world: World) => string | Promise<string>, init: RequestInit) =>
  async (world: World): Promise<Outcome> => {
    const response = await fetch(new URL(await path(world), world.server.url), init);
    const said = (await response.json()) as Partial<Outcome> & { readonly errors?: readonly GraphqlError[] };
    // Where GraphQL is served, every answer is one of GraphQL.
    const [error] = said.errors ?? [];
    const {
      code = 'NONE',
      message = '',
      where = null,
    } = error ? { ...error.extensions, message: error.message } : said;
    return { code, message: `${response.status} ${message}`, where };
  };

const UPLOAD =
  'mutation($bytes: SafeInt!) { createUpload(bytes: $bytes) { upload { id url } userErrors { code field message } } }';

async function createUpload({ server }: World, bytes: number): Promise<{ id: string; url: string }> {
  const { data } = await server.post(UPLOAD, { bytes });
  return (data!.createUpload as { upload: { id: string; url: string } }).upload;
}

const COMPLETE =
  'mutation($id: ID!, $sha256: String!) { completeUpload(id: $id, sha256: $sha256) { sha256 userErrors { code field message } } }';
const PUT = { method: 'PUT', headers: { 'content-type': 'application/octet-stream' } } as const;

/** Uploads, downloads, and documents that are too much. */
export const BAD_TRANSPORT_REQUESTS: readonly BadRequest[] = [
  {
    name: 'an upload of 65 GiB',
    send: query(UPLOAD, () => ({ bytes: 65 * 2 ** 30 })),
    code: 'UPLOAD_SIZE',
    message: '69793218560 bytes were announced. Announce 1 to 68719476736 bytes.',
    where: 'bytes',
  },
  {
    name: 'an upload that was never made',
    send: query(COMPLETE, () => ({ id: '0'.repeat(8) + '-0000-4000-8000-000000000000', sha256: SHA })),
    code: 'ID_INVALID',
    message: 'id is not an upload of this server. Pass the id that createUpload returned.',
    where: 'id',
  },
  {
    name: 'an upload of which nothing arrived',
    send: async (world) => {
      const { id } = await createUpload(world, 3);
      return world.server.refusal(COMPLETE, { id, sha256: SHA });
    },
    code: 'STORE_NOT_FOUND',
    message: 'There is nothing at uploads/<uuid>',
    where: null,
  },
  {
    name: 'an upload of other bytes than were promised',
    send: async (world) => {
      const { id, url } = await createUpload(world, 3);
      await fetch(url, { ...PUT, body: 'abc' });
      return world.server.refusal(COMPLETE, { id, sha256: SHA });
    },
    code: 'UPLOAD_INVALID',
    message:
      'sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad arrived where abababababababababababababababababababababababababababababababab was announced. Ask for a new upload and send the file whose sha256 was announced.',
    where: null,
  },
  {
    name: 'an upload longer than announced',
    send: async (world) => http(async () => (await createUpload(world, 3)).url, { ...PUT, body: 'abcd' })(world),
    code: 'UPLOAD_INVALID',
    message: '400 The request has 4 bytes where 3 were announced',
    where: '<uuid>',
  },
  {
    name: 'an upload address with another size',
    send: async (world) =>
      http(async () => (await createUpload(world, 3)).url.replace('bytes=3', 'bytes=4'), { ...PUT, body: 'abcd' })(
        world,
      ),
    code: 'URL_SIGNATURE_INVALID',
    message: '403 The signature does not match this address',
    where: '/uploads/<uuid>',
  },
  {
    name: 'a download address that nobody signed',
    send: http(() => `/artifacts/${SHA}?expires=99999999999&signature=00`, {}),
    code: 'URL_SIGNATURE_INVALID',
    message: '403 The signature does not match this address',
    where: '/artifacts/abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download address past its time',
    send: http(
      () => signPath({ method: 'GET', path: `/artifacts/${SHA}`, parameters: {}, expires: 1_000_000_000 }, SIGNING_KEY),
      {},
    ),
    code: 'URL_EXPIRED',
    message: '403 The address was valid until 2001-09-09T01:46:40.000Z',
    where: '/artifacts/abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download of something that is not there',
    send: http(
      () =>
        signPath({ method: 'GET', path: `/artifacts/${SHA}`, parameters: {}, expires: 99_999_999_999 }, SIGNING_KEY),
      {},
    ),
    code: 'STORE_NOT_FOUND',
    message: '404 There is nothing at abababababababababababababababababababababababababababababababab',
    where: 'abababababababababababababababababababababababababababababababab',
  },
  {
    name: 'a download of something that is no artifact',
    send: http(
      () =>
        signPath(
          { method: 'GET', path: '/artifacts/..%2fdatabase', parameters: {}, expires: 99_999_999_999 },
          SIGNING_KEY,
        ),
      {},
    ),
    code: 'STORE_ADDRESS_INVALID',
    message: '400 "..%2fdatabase" is not a sha256',
    where: '..%2fdatabase',
  },
  {
    name: 'a query too deep',
    send: query(`{ node(id: "x") { ${'... on Node { '.repeat(16)} id ${'}'.repeat(16)} } }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Syntax Error: Query depth limit of 16 exceeded, found 18.',
    where: null,
  },
  {
    name: 'a query of the schema that winds through itself',
    send: query(`{ __schema { types { ${'fields { type { '.repeat(5)} name ${'} }'.repeat(5)} } } }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Maximum introspection depth exceeded',
    where: null,
  },
  {
    name: 'a query with too many aliases',
    send: query(`{ ${Array.from({ length: 80 }, (_, i) => `a${i}: models(first: 1) { totalCount }`).join(' ')} }`),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Syntax Error: Aliases limit of 60 exceeded, found 80.',
    where: null,
  },
  {
    name: 'a query with a typing error',
    send: query('{ modles(first: 1) { totalCount } }'),
    code: 'GRAPHQL_VALIDATION_FAILED',
    message: 'Cannot query field "modles" on type "Query". Did you mean "models", "model", or "node"?',
    where: null,
  },
  {
    name: 'a body too large',
    send: http(() => '/graphql', {
      method: 'POST',
      headers: JSON_HEADERS,
      body: JSON.stringify({ query: ' '.repeat(2 ** 20) }),
    }),
    code: 'REQUEST_INVALID',
    message: '413 Request body is too large',
    where: null,
  },
  {
    name: 'a body that is not JSON',
    send: http(() => '/graphql', {
      method: 'POST',
      headers: JSON_HEADERS,
      body: '{"query":',
    }),
    code: 'REQUEST_INVALID',
    message: "400 Body is not valid JSON but content-type is set to 'application/json'",
    where: null,
  },
];
