import { constants } from 'node:zlib';
import fastifyCompress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** Bytes; less gains nothing over what the headers take. */
const THRESHOLD = 2048;

/**
 * Compresses answers for who takes gzip, at the level that costs least: JSON becomes a tenth of itself, and higher levels take several times
 * as long for a few per cent. Requests are never taken compressed: they would say how large they are when it is too late.
 */
export async function compressAnswers(app: FastifyInstance): Promise<void> {
  await app.register(fastifyCompress, {
    globalDecompression: false,
    encodings: ['gzip'],
    threshold: THRESHOLD,
    // What is larger is compressed beside the event loop.
    syncThreshold: 16 * 1024,
    zlibOptions: { level: constants.Z_BEST_SPEED },
  });
}
