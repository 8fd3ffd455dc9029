import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { inSpan, traceHeaders, traceId } from './spans.ts';
import { startTracing } from './start-tracing.ts';

it('without a collector nothing is traced, and work goes on as before', async () => {
  const stop = await startTracing('test', undefined);
  const seen = await inSpan('work', {}, () => Promise.resolve([traceHeaders(), 7]));
  expect(seen).toEqual([{}, 7]);
  await expect(inSpan('work', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await stop();
});

it('spans reach a collector by OTLP over HTTP, in the trace of the one who asked', async () => {
  const bodies: { path: string | undefined; text: string }[] = [];
  const collector = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      bodies.push({ path: request.url, text });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const stop = await startTracing('extractor', `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`);
  const asked = '0af7651916cd43dd8448eb211c80319c';
  const parent = { traceparent: `00-${asked}-b7ad6b7169203331-01` };
  const [headers, id] = await inSpan('outer', { parent }, () =>
    inSpan('inner', {}, () => Promise.resolve([traceHeaders(), traceId()] as const)),
  );
  expect([id, headers.traceparent]).toEqual([asked, expect.stringMatching(`^00-${asked}-[0-9a-f]{16}-01$`) as string]);
  await stop();
  trace.disable();
  collector.close();
  expect(bodies.map(({ path }) => path)).toEqual(['/v1/traces']);
  const { resourceSpans } = JSON.parse(bodies[0]!.text) as {
    resourceSpans: {
      resource: { attributes: { key: string; value: { stringValue?: string } }[] };
      scopeSpans: { spans: { name: string; traceId: string; spanId: string; parentSpanId?: string }[] }[];
    }[];
  };
  const { resource, scopeSpans } = resourceSpans[0]!;
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'extractor' } });
  const [inner, outer] = scopeSpans[0]!.spans;
  expect([inner!.name, outer!.name, outer!.traceId]).toEqual(['inner', 'outer', asked]);
  expect([inner!.parentSpanId, outer!.parentSpanId]).toEqual([outer!.spanId, 'b7ad6b7169203331']);
});
