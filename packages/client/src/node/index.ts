import { createHash } from 'node:crypto';
import WebSocket from 'ws';
import { type ClientOptions, KneepointClient } from '../client.ts';

export * from '../index.ts';
export { download, packFiles, uploadFile, uploadFolder, uploadModel } from './files.ts';

/** A socket that nobody answers is given up, and one whose other end is gone says no long goodbye. */
class TimedSocket extends WebSocket {
  constructor(address: string, protocols?: string | string[]) {
    super(address, protocols, { handshakeTimeout: 5_000, closeTimeout: 1_000 } as WebSocket.ClientOptions);
  }
}

/** The client of a gateway, with sockets for a Node that has none and the machine's own sums. */
export function createClient(options: ClientOptions): KneepointClient {
  return new KneepointClient({
    webSocket: TimedSocket,
    sha256: () => {
      const hash = createHash('sha256');
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('hex') };
    },
    ...options,
  });
}
