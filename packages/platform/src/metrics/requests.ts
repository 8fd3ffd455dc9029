import { Gauge, Histogram } from 'prom-client';
import { registry } from './metrics.ts';

/** Seconds from what is answered from memory to what a deadline ends. */
const LATENCIES = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const registers = [registry];

export const requestDuration = new Histogram({
  name: 'kneepoint_http_request_duration_seconds',
  help: 'Requests over HTTP, from their headers to the last byte of the answer; uploads and downloads take as long as their files',
  labelNames: ['route', 'status'] as const,
  buckets: LATENCIES,
  registers,
});

export const operationDuration = new Histogram({
  name: 'kneepoint_operation_duration_seconds',
  help: 'Operations of GraphQL by their type and the code of their first error ("OK": none); of a subscription, until it has begun',
  labelNames: ['transport', 'type', 'code'] as const,
  buckets: LATENCIES,
  registers,
});

/** What a gateway counts now, by who serves its sockets. */
export interface SocketCounts {
  sockets(): number;
  subscriptions(): number;
}

const counted = new Set<SocketCounts>();
const sum = (read: (counts: SocketCounts) => number): number =>
  [...counted].reduce((total, counts) => total + read(counts), 0);

new Gauge({
  name: 'kneepoint_sockets_open',
  help: 'WebSockets that were greeted and are open',
  registers,
  collect() {
    this.set(sum((counts) => counts.sockets()));
  },
});

new Gauge({
  name: 'kneepoint_subscriptions_open',
  help: 'Subscriptions over those sockets that have not ended',
  registers,
  collect() {
    this.set(sum((counts) => counts.subscriptions()));
  },
});

/** Reads the sockets of a gateway whenever the metrics are read; the result ends that. */
export function watchSockets(counts: SocketCounts): () => void {
  counted.add(counts);
  return () => void counted.delete(counts);
}
