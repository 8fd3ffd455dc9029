import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from '../version.ts';

/** A collector that does not answer must not keep a process from ending. */
const FLUSH_MS = 3_000;

/**
 * Sends spans to an OpenTelemetry collector (OTLP over HTTP) from now on; without an endpoint nothing is loaded and nothing is
 * traced. Headers for the collector are taken from OTEL_EXPORTER_OTLP_HEADERS. The result sends what is left and stops.
 */
export async function startTracing(service: string, endpoint: string | undefined): Promise<() => Promise<void>> {
  if (endpoint === undefined) return () => Promise.resolve();
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new sdk.NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.namespace': 'kneepoint',
      'service.name': service,
      'service.version': VERSION,
      'service.instance.id': `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    }),
    spanProcessors: [new sdk.BatchSpanProcessor(exporter)],
  });
  provider.register();
  return async () => {
    const over = new AbortController();
    const limit = sleep(FLUSH_MS, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([provider.shutdown().catch(() => undefined), limit]);
    over.abort();
  };
}
