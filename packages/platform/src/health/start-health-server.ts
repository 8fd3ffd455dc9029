import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '@kneepoint/failures';
import { registry } from '../metrics/metrics.ts';
import { checkReadiness } from './readiness.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
}

export interface HealthServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What a process without a gateway tells of itself over HTTP: /healthz (the event loop turns), /readyz (every part can be used, or
 * 503 with those that can't) and /metrics (Prometheus). Throws CONFIG_INVALID when the port is taken.
 */
export async function startHealthServer({ host, port, checks }: HealthServerOptions): Promise<HealthServer> {
  const routes: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/healthz': async (response) => Promise.resolve(sendJson(response, 200, { status: 'ok' })),
    '/readyz': async (response) => {
      const { ready, report } = await checkReadiness(checks);
      sendJson(response, ready ? 200 : 503, report);
    },
    '/metrics': async (response) => {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    },
  };
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? '').split('?')[0]!];
    if (request.method !== 'GET' || route === undefined) return sendJson(response, 404, { status: 'not found' });
    route(response).catch((error: unknown) => sendJson(response, 500, { status: String(error) }));
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new Failure('CONFIG_INVALID', `HEALTH_PORT cannot be used: ${(cause as Error).message}`, {
      where: 'HEALTH_PORT',
      fix: 'choose a port that is free on this machine',
      cause,
    });
  }
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${actual}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
