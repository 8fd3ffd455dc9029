import { once } from 'node:events';
import { createServer, type IncomingMessage, request as forward, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What becomes of a request: it is handed on, at once or late, answered with a status instead, or its answer is broken off half-way
 * (`truncate`).
 */
export type Fate = 'pass' | 'truncate' | { readonly lateMs: number } | { readonly status: number };

/** An HTTP proxy before a server that decides on the fate of each request. */
export interface HttpProxy {
  readonly port: number;
  /** From now on; called for each request. How many requests did not pass is counted anew. */
  decide(fate: (request: IncomingMessage) => Fate): void;
  /** Requests that did not simply pass since `decide`. */
  readonly harmed: number;
  stop(): Promise<void>;
}

export async function startHttpProxy(target: number): Promise<HttpProxy> {
  let fateOf: (request: IncomingMessage) => Fate = () => 'pass';
  let harmed = 0;

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const fate = fateOf(incoming);
    if (fate !== 'pass') harmed += 1;
    if (typeof fate === 'object' && 'status' in fate) {
      incoming.resume().once('end', () => outgoing.writeHead(fate.status).end());
      return;
    }
    if (typeof fate === 'object') await sleep(fate.lateMs);
    // Headers go through as they are: the signature covers the name of the host.
    const { method, url, headers } = incoming;
    const onward = forward({ port: target, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fate !== 'truncate') return void answer.pipe(outgoing);
      answer.once('data', (chunk: Buffer) => outgoing.write(half(chunk), () => outgoing.destroy()));
      answer.once('end', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  };

  const server = createServer((incoming, outgoing) => void serve(incoming, outgoing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    decide(fate) {
      fateOf = fate;
      harmed = 0;
    },
    get harmed() {
      return harmed;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function half(chunk: Buffer): Buffer {
  return chunk.subarray(0, Math.floor(chunk.length / 2));
}
