import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArtifactStore, FolderStore } from '@kneepoint/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Where `make bundle` puts the page; a checkout that was never bundled has none. */
const FOLDER = fileURLToPath(new URL('../../../../dist/web/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Their names say what is in them. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export interface PageOptions {
  readonly store: ArtifactStore;
  /** Address of the query editor, where the page goes when there is none. */
  readonly editor: string;
  /** Who signs people in, whom the page asks for tokens. */
  readonly issuer: string | undefined;
  /** The cookie that lets the page ask, for whom the gateway gives one. */
  readonly cookieFor: (request: FastifyRequest) => string | undefined;
}

/** Serves the page for people at `/`, from memory: it is small, and nothing but these files can be asked for. */
export async function registerPageRoutes(app: FastifyInstance, options: PageOptions): Promise<void> {
  const { store, editor, issuer, cookieFor } = options;
  const html = await readFile(join(FOLDER, 'index.html'), 'utf8').catch(() => undefined);
  if (html === undefined) {
    app.get('/', (_request, reply) => reply.redirect(editor));
    return;
  }
  const assets = new Map<string, Buffer>();
  for (const name of await readdir(join(FOLDER, 'assets'))) {
    assets.set(name, await readFile(join(FOLDER, 'assets', name)));
  }
  const policy = policyOf(await originOf(store), issuer === undefined ? undefined : new URL(issuer).origin);
  app.get('/', async (request, reply) => {
    const cookie = cookieFor(request);
    if (cookie !== undefined) reply.header('set-cookie', cookie);
    reply.header('content-security-policy', policy).header('cache-control', 'no-cache');
    await reply.type('text/html; charset=utf-8').send(html);
  });
  app.get('/assets/:name', async (request, reply: FastifyReply) => {
    const { name } = request.params as { readonly name: string };
    const bytes = assets.get(name);
    if (bytes === undefined) return reply.callNotFound();
    reply.header('cache-control', FOR_EVER);
    return reply.type(TYPES[extname(name)] ?? 'application/octet-stream').send(bytes);
  });
}

/** Its own scripts and styles, the gateway, the store that files go to, and who signs people in; nothing from elsewhere. */
function policyOf(storeOrigin: string | undefined, issuerOrigin: string | undefined): string {
  const store = storeOrigin === undefined ? '' : ` ${storeOrigin}`;
  const issuer = issuerOrigin === undefined ? '' : ` ${issuerOrigin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data:${store}`,
    `connect-src 'self'${store}${issuer}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Where a browser finds the object store; a folder is served by the gateway itself. */
async function originOf(store: ArtifactStore): Promise<string | undefined> {
  if (store instanceof FolderStore) return undefined;
  // An address to send to: nothing has to be there for it.
  const [part] = await store.presignPut('00000000-0000-4000-8000-000000000000', { bytes: 1, expiresSeconds: 60 });
  return new URL(part!.url).origin;
}
