/** What one client can do to all others: queries that ask for too much, in a loop, while others ask what a dashboard asks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { JSON_HEADERS } from '../../test/support/kneepoint.ts';
import { residentKiB } from '../support/processor.ts';
import type { Query } from './queries.ts';

const SECONDS = 6;
/** Who is hostile asks from so many connections. */
const HOSTILE = 4;
/** Pause between two questions of who is not, so that it is latency that is measured and not what the machine holds. */
const PAUSE_MS = 20;

const LISTS = 'steps(first: 100) { edges { node { name attempts(first: 2) { edges { node { number worker } } } } } }';

/** A hundred runs with steps and attempts, that many times by aliases. */
export function hostileQuery(aliases: number): string {
  const lists = Array.from({ length: aliases }, (_, index) => `a${index}: ${LISTS}`).join(' ');
  return `{ runs(first: 100) { edges { node { ${lists} } } } }`;
}

/** The most that may be asked for at once, and so what is dearest to answer. */
export const DEAREST = `{ runs(first: 100) { edges { node { steps(first: 100) { edges { node { name state } } } } } } }`;

export interface Siege {
  readonly idle: Readonly<Record<string, number>>;
  readonly besieged: Readonly<Record<string, number>>;
  /** Hostile questions by what they were answered with: a code, or OK. */
  readonly answers: Readonly<Record<string, number>>;
  readonly residentMiB: number;
}

/** p99 of each question and of /healthz, first in peace, then while a hostile query is asked in a loop. */
export async function besiege(url: string, pid: number, queries: readonly Query[], hostile: string): Promise<Siege> {
  const idle = await latencies(url, queries);
  const answers: Record<string, number> = {};
  let isOver = false;
  let residentMiB = 0;
  const hostiles = Array.from({ length: HOSTILE }, async () => {
    while (!isOver) {
      const code = await codeOf(url, hostile);
      answers[code] = (answers[code] ?? 0) + 1;
    }
  });
  const watching = (async () => {
    while (!isOver) {
      residentMiB = Math.max(residentMiB, Math.round(residentKiB(pid) / 1024));
      await sleep(50);
    }
  })();
  const besieged = await latencies(url, queries);
  isOver = true;
  await Promise.all([...hostiles, watching]);
  return { idle, besieged, answers, residentMiB };
}

async function latencies(url: string, queries: readonly Query[]): Promise<Record<string, number>> {
  const asked: Record<string, () => Promise<unknown>> = {
    '/healthz': async () => (await fetch(`${url}/healthz`)).text(),
    ...Object.fromEntries(queries.map((query) => [query.name, () => codeOf(url, query.query, query.variables)])),
  };
  const all = Object.fromEntries(Object.keys(asked).map((name) => [name, [] as number[]]));
  const end = performance.now() + SECONDS * 1000;
  await Promise.all(
    Object.entries(asked).map(async ([name, ask]) => {
      while (performance.now() < end) {
        const started = performance.now();
        await ask();
        all[name]!.push(performance.now() - started);
        await sleep(PAUSE_MS);
      }
    }),
  );
  return Object.fromEntries(Object.entries(all).map(([name, times]) => [name, p99(times)]));
}

function p99(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))]!;
}

async function codeOf(url: string, query: string, variables: object = {}): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  if (!text.includes('"errors":')) return 'OK';
  const { errors } = JSON.parse(text) as { errors: { extensions: { code: string } }[] };
  return errors[0]!.extensions.code;
}
