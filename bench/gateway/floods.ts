/** Floods of connections and subscriptions: how they are answered, and what the gateway is like meanwhile. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { JSON_HEADERS } from '../../test/support/kneepoint.ts';
import { residentKiB } from '../support/processor.ts';

const SUBSCRIPTIONS = 5000;
const SOCKETS = 1500;
const SLOW = 1000;
const PATIENCE_MS = 20_000;

export interface Flood {
  readonly what: string;
  /** How many were answered in which way. */
  readonly answers: Readonly<Record<string, number>>;
  /** Slowest answer of /healthz while it lasted, in milliseconds. */
  readonly healthMs: number;
  readonly residentMiB: number;
}

/** `query` subscribes to a run that does not change. */
export async function floods(url: string, pid: number, query: string): Promise<Flood[]> {
  return [
    await flood(`${SUBSCRIPTIONS} subscriptions on one socket`, url, pid, async (answers) => {
      const socket = await open(url);
      socket.on('message', (text: Buffer) => count(answers, answerOf(text)));
      for (let id = 0; id < SUBSCRIPTIONS; id++) socket.send(subscribe(String(id), query));
      await settled(() => sum(answers) >= SUBSCRIPTIONS);
      return () => socket.terminate();
    }),
    await flood(`${SOCKETS} sockets with a subscription each`, url, pid, async (answers) => {
      const sockets = await Promise.all(
        Array.from({ length: SOCKETS }, async () => {
          const socket = await open(url).catch(() => null);
          if (socket === null) count(answers, 'refused');
          socket?.on('message', (text: Buffer) => count(answers, answerOf(text)));
          socket?.send(subscribe('1', query));
          return socket;
        }),
      );
      await settled(() => sum(answers) >= SOCKETS);
      return () => sockets.forEach((socket) => socket?.terminate());
    }),
    await flood(`${SLOW} connections that send half a header`, url, pid, async (answers) => {
      const { hostname, port } = new URL(url);
      const sockets: Socket[] = await Promise.all(
        Array.from({ length: SLOW }, async () => {
          const socket = connect(Number(port), hostname);
          socket.on('error', () => undefined);
          socket.on('close', () => count(answers, 'ended'));
          socket.resume();
          await once(socket, 'connect');
          socket.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Le');
          return socket;
        }),
      );
      await settled(() => sum(answers) >= SLOW);
      return () => sockets.forEach((socket) => socket.destroy());
    }),
  ];
}

async function flood(
  what: string,
  url: string,
  pid: number,
  run: (answers: Record<string, number>) => Promise<() => void>,
): Promise<Flood> {
  const answers: Record<string, number> = {};
  let isOver = false;
  let healthMs = 0;
  let residentMiB = 0;
  const probing = (async () => {
    while (!isOver) {
      const started = performance.now();
      await (await fetch(`${url}/healthz`)).text();
      healthMs = Math.max(healthMs, performance.now() - started);
      residentMiB = Math.max(residentMiB, Math.round(residentKiB(pid) / 1024));
      await sleep(20);
    }
  })();
  const end = await run(answers);
  const counted = { ...answers };
  isOver = true;
  await probing;
  end();
  return { what, answers: counted, healthMs, residentMiB };
}

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('error', () => undefined);
  const opened = await Promise.race([once(socket, 'open'), once(socket, 'close').then(() => null)]);
  if (opened === null) throw new Error('refused');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: JSON_HEADERS.authorization } }));
  await once(socket, 'message');
  return socket;
}

function subscribe(id: string, query: string): string {
  return JSON.stringify({ id, type: 'subscribe', payload: { query } });
}

function answerOf(text: Buffer): string {
  const { type, payload } = JSON.parse(text.toString()) as {
    type: string;
    payload?: { extensions?: { code?: string } }[];
  };
  if (type === 'next') return 'served';
  return type === 'error' ? (payload?.[0]?.extensions?.code ?? type) : type;
}

async function settled(isDone: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isDone() && Date.now() < end;) await sleep(50);
}

function count(answers: Record<string, number>, name: string): void {
  answers[name] = (answers[name] ?? 0) + 1;
}

function sum(answers: Readonly<Record<string, number>>): number {
  return Object.values(answers).reduce((left, right) => left + right, 0);
}
