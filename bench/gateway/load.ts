import autocannon from 'autocannon';
import { JSON_HEADERS } from '../../test/support/kneepoint.ts';
import type { Query } from './queries.ts';

export const CONNECTIONS = 8;
const WARM_SECONDS = 1;
const SECONDS = 3;

export interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of each query, in milliseconds, by what `spent` counts. */
  readonly processor: readonly number[];
  readonly bytes: number;
}

/** One query over and over from several connections, after a short warming up. Fails when any answer is not whole. */
export async function load(url: string, query: Query, spent: () => readonly number[]): Promise<Load> {
  await fire(url, query, WARM_SECONDS);
  const before = spent();
  const result = await fire(url, query, SECONDS);
  const after = spent();
  const answers = result['2xx'];
  return {
    perSecond: answers / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    processor: after.map((ms, index) => (ms - before[index]!) / answers),
    bytes: result.throughput.total / answers,
  };
}

async function fire(url: string, { name, query, variables }: Query, seconds: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query, variables }),
    connections: CONNECTIONS,
    duration: seconds,
    timeout: 30,
    verifyBody: (body) => typeof body === 'string' && body.startsWith('{"data"') && !body.includes('"errors":'),
  });
  const bad = result.errors + result.non2xx + result.mismatches;
  if (bad > 0) throw new Error(`${name}: ${bad} of ${result['2xx'] + bad} answers are bad`);
  return result;
}
