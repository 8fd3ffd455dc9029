import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

it('a run that a request launches belongs to the trace of the caller', async () => {
  const path = join(gateway.folder, 'x.onnx');
  await writeFile(path, 'not read by the gateway');
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-b7ad6b7169203331-01` },
    body: JSON.stringify({
      query:
        'mutation ($path: String!) { registerModel(input: { name: "x", path: $path }) { run { id } userErrors { code } } }',
      variables: { path },
    }),
  });
  expect(await response.json()).toMatchObject({ data: { registerModel: { userErrors: [] } } });
  const spans = () => exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  await expect.poll(() => spans().map(({ name }) => name)).toContain('POST /graphql');
  const request = spans().find(({ name }) => name === 'POST /graphql')!;
  expect(request.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  const launch = spans().find(({ name }) => name === 'launch IMPORT_MODEL')!;
  expect(launch.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
});
