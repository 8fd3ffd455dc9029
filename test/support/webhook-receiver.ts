import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Somebody's server that webhooks are sent to; what it answers is up to the test. */
export class Receiver {
  readonly received: Received[] = [];
  /** Called once a message has arrived. */
  answer: (message: Received) => Answer | Promise<Answer> = () => ({});
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** On the port that it had before, where there was one. */
  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      void read(request).then(async (message) => {
        this.received.push(message);
        const { status = 204, headers = {}, body = '' } = await this.answer(message);
        response.writeHead(status, headers).end(body);
      });
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server, 'close');
    this.#server.close().closeAllConnections();
    this.#server = undefined;
    await closed;
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return { headers: request.headers as Record<string, string>, body: Buffer.concat(chunks).toString('utf8') };
}
