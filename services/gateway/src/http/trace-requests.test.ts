import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { globalId } from '../domain/ids.ts';
import { seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let gateway: TestGateway;
beforeAll(async () => {
  provider.register();
  gateway = await openTestGateway();
});
afterAll(async () => {
  await gateway.close();
  await provider.shutdown();
  trace.disable();
});

const REGISTER =
  'mutation ($path: String!) { registerModel(input: { name: "x", path: $path }) { run { id } userErrors { code } } }';
const REGISTERED = { data: { registerModel: { userErrors: [] } } };
const PARENT = 'b7ad6b7169203331';
const spansOf = (traceId: string) =>
  exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);

async function file(): Promise<string> {
  const path = join(gateway.folder, `${randomUUID()}.onnx`);
  await writeFile(path, 'not read by the gateway');
  return path;
}

/** The span of the operation has the caller's as its parent, and is the launch's. */
async function expectSpans(traceId: string, name: string): Promise<void> {
  await expect.poll(() => spansOf(traceId).map((span) => span.name)).toContain(name);
  const request = spansOf(traceId).find((span) => span.name === name)!;
  expect(request.parentSpanContext?.spanId).toBe(PARENT);
  const launch = spansOf(traceId).find((span) => span.name === 'launch IMPORT_MODEL')!;
  expect(launch.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
}

it('a run that a request launches belongs to the trace of the caller', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...gateway.headers, traceparent: `00-${traceId}-${PARENT}-01` },
    body: JSON.stringify({ query: REGISTER, variables: { path: await file() } }),
  });
  expect(await response.json()).toMatchObject(REGISTERED);
  await expectSpans(traceId, 'POST /graphql');
});

it('so does one that is launched over a socket, whose operations each name a trace', async () => {
  const client = gateway.socket();
  for (const traceId of ['1af7651916cd43dd8448eb211c80319c', '2af7651916cd43dd8448eb211c80319c']) {
    const extensions = { traceparent: `00-${traceId}-${PARENT}-01` };
    const answers = client.iterate({ query: REGISTER, variables: { path: await file() }, extensions });
    expect((await answers.next()).value).toMatchObject(REGISTERED);
    await expectSpans(traceId, 'WS /graphql');
  }
  await client.dispose();
});

it('an operation that names no trace belongs to that of the socket', async () => {
  const traceId = '3af7651916cd43dd8448eb211c80319c';
  class TracedSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, { headers: { traceparent: `00-${traceId}-${PARENT}-01` } });
    }
  }
  const client = createClient({
    url: `${gateway.url.replace('http', 'ws')}/graphql`,
    connectionParams: gateway.headers,
    webSocketImpl: TracedSocket,
  });
  const answers = client.iterate({ query: REGISTER, variables: { path: await file() } });
  expect((await answers.next()).value).toMatchObject(REGISTERED);
  await expectSpans(traceId, 'WS /graphql');
  await client.dispose();
});

it('the span of a subscription ends when it has begun', async () => {
  const traceId = '4af7651916cd43dd8448eb211c80319c';
  const run = await seedRun(gateway);
  const client = gateway.socket();
  const states = client.iterate({
    query: `subscription { runUpdated(id: "${globalId('Run', run.id)}") { state } }`,
    extensions: { traceparent: `00-${traceId}-${PARENT}-01` },
  });
  expect((await states.next()).value).toEqual({ data: { runUpdated: { state: 'QUEUED' } } });
  await expect.poll(() => spansOf(traceId).map((span) => span.name)).toEqual(['WS /graphql']);
  expect(spansOf(traceId)[0]!.attributes).toEqual({ 'graphql.operation.type': 'subscription' });
  await client.dispose();
});
