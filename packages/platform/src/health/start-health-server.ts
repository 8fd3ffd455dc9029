import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from '@kneepoint/failures';
import type { Logger } from '../log/create-logger.ts';
import { type DependencyChecks, watchDependencies } from '../metrics/dependencies.ts';
import { registry } from '../metrics/metrics.ts';
import { readiness, type ReadinessChecks } from './readiness.ts';

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly checks: ReadinessChecks;
  /** What the metrics tell of, and readiness does not depend on. */
  readonly dependencies?: DependencyChecks;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface HealthServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What a process tells of itself over HTTP, on a port of its own: /healthz (the event loop turns), /readyz (every part can be used, or
 * 503 with those that can't) and /metrics (Prometheus). Throws CONFIG_INVALID when the port is taken.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port, checks, dependencies = {}, log } = options;
  const ready = readiness(checks, log);
  const routes: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    '/healthz': async (response) => Promise.resolve(sendJson(response, 200, { status: 'ok' })),
    '/readyz': async (response) => {
      const answer = await ready();
      sendJson(response, answer.ready ? 200 : 503, answer.report);
    },
    '/metrics': async (response) => {
      const text = await registry.metrics();
      response.writeHead(200, { 'content-type': registry.contentType }).end(text);
    },
  };
  const server = createServer((request, response) => {
    const route = routes[(request.url ?? '').split('?')[0]!];
    if (request.method !== 'GET' || route === undefined) return sendJson(response, 404, { status: 'not found' });
    route(response).catch((error: unknown) => {
      log.warn({ error }, 'a question about health failed');
      sendJson(response, 500, { status: 'failed' });
    });
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
  const forget = watchDependencies(dependencies);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: async () => {
      forget();
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
