import { Failure } from '@kneepoint/failures';
import { FolderStore, verifySignature } from '@kneepoint/platform';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Services } from '../context.ts';

/**
 * Serves the presigned addresses of a folder store: GET /artifacts/<sha256> and PUT /uploads/<id>. With an object store the
 * addresses lead there and these routes do not exist.
 */
export function registerArtifactRoutes(app: FastifyInstance, { store }: Services, signingKey: string): void {
  if (!(store instanceof FolderStore)) return;

  app.get<{ Params: { sha256: string } }>('/artifacts/:sha256', async (request, reply) => {
    const { parameters } = verifySignature('GET', request.url, signingKey);
    const { sha256 } = request.params;
    const { bytes } = await store.stat(sha256);
    const filename = parameters.filename ?? sha256;
    return reply
      .header('content-type', 'application/octet-stream')
      .header('content-length', bytes)
      .header('x-content-type-options', 'nosniff')
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`)
      .send(await store.openRead(sha256));
  });

  void app.register((uploads, _options, done) => {
    uploads.removeAllContentTypeParsers();
    // The body is handed on as the stream that it is, whatever its type: an upload may be larger than memory.
    uploads.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    uploads.put<{ Params: { id: string } }>('/uploads/:id', async (request, reply) => {
      const { parameters } = verifySignature('PUT', request.url, signingKey);
      await store.acceptUpload(request.params.id, request.raw, Number(parameters.bytes));
      return reply.code(204).send();
    });
    done();
  });
}

const STATUS: Partial<Record<Failure['code'], number>> = {
  URL_SIGNATURE_INVALID: 403,
  URL_EXPIRED: 403,
  STORE_NOT_FOUND: 404,
  STORE_ADDRESS_INVALID: 400,
  UPLOAD_INVALID: 400,
  STORE_FULL: 507,
};

/** A failure of a plain route as JSON with its code; never a stack. */
export function replyWithFailure(error: unknown, reply: FastifyReply): FastifyReply {
  const failure = Failure.from(error);
  return reply
    .code(STATUS[failure.code] ?? 500)
    .send(failure.code === 'INTERNAL' ? { code: 'INTERNAL' } : failure.toJSON());
}
