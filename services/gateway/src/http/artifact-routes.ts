import { type ArtifactStore, artifactRoutes, FolderStore } from '@kneepoint/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * Serves the signed addresses of a folder store. With an object store the addresses lead there and these routes do not exist.
 */
export function registerArtifactRoutes(app: FastifyInstance, store: ArtifactStore): void {
  if (!(store instanceof FolderStore)) return;
  const serve = artifactRoutes(store);
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (Object.values(request.params as object).includes('')) return reply.callNotFound();
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    await serve(request.raw, reply.raw, (error) => request.log.error({ err: error }, 'the artifact store failed'));
  };
  void app.register((routes, _options, done) => {
    // The body is handed on as the stream that it is, whatever its type: an upload may be larger than memory.
    routes.removeAllContentTypeParsers();
    routes.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    routes.get('/artifacts/:sha256', handler);
    routes.put('/uploads/:id', handler);
    done();
  });
}
