import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import fastify from 'fastify';
import { serverAudits } from 'graphql-http';
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { globalId } from '../domain/ids.ts';
import { createSchema } from '../schema/schema.ts';
import { seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => (gateway = await openTestGateway()));
afterAll(() => gateway.close());

describe('GraphQL over HTTP', () => {
  const asked: typeof fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...(init?.headers as object), ...gateway.headers } });

  /** Names of the audits that did not pass, by how much that matters. */
  async function audit(url: string): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = { error: [], warn: [], notice: [] };
    for (const { name, fn } of serverAudits({ url, fetchFn: asked })) {
      const result = await fn();
      if (result.status !== 'ok') found[result.status]!.push(name);
      if ('response' in result) await result.response.body?.cancel().catch(() => undefined);
    }
    return found;
  }

  it('passes every audit of the specification that bare Apollo passes, and fails none', async () => {
    const apollo = new ApolloServer({ schema: createSchema() });
    await apollo.start();
    const bare = fastify();
    bare.route({ method: ['GET', 'POST'], url: '/graphql', handler: fastifyApolloHandler(apollo) });
    const address = await bare.listen({ port: 0, host: '127.0.0.1' });
    const [ours, theirs] = [await audit(`${gateway.url}/graphql`), await audit(`${address}/graphql`)];
    await bare.close();
    await apollo.stop();
    expect(ours.error).toEqual([]);
    for (const kind of ['warn', 'notice']) expect(theirs[kind]).toEqual(expect.arrayContaining(ours[kind]!));
  });
});

describe('GraphQL over WebSocket (graphql-transport-ws)', () => {
  /** A socket that speaks plain messages, and remembers what it hears. */
  class Line {
    readonly heard: Record<string, unknown>[] = [];
    readonly closed: Promise<{ code: number; reason: string }>;
    readonly #socket: WebSocket;

    constructor(protocols: string[] = [GRAPHQL_TRANSPORT_WS_PROTOCOL]) {
      this.#socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, protocols);
      this.#socket.on('message', (data: Buffer) =>
        this.heard.push(JSON.parse(data.toString()) as Record<string, unknown>),
      );
      // Without protocols in common a client of this kind ends the handshake by itself.
      this.#socket.on('error', () => undefined);
      this.closed = new Promise((resolve) => {
        this.#socket.on('close', (code, reason: Buffer) => resolve({ code, reason: reason.toString() }));
      });
    }

    async open(): Promise<this> {
      if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open');
      return this;
    }

    say(message: object | string): this {
      this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      return this;
    }

    async greeted(): Promise<this> {
      await this.open();
      this.say({ type: 'connection_init', payload: gateway.headers });
      await this.hears({ type: 'connection_ack' });
      return this;
    }

    async hears(message: object): Promise<void> {
      await expect.poll(() => this.heard).toContainEqual(message);
    }

    end(): void {
      this.#socket.terminate();
    }
  }

  const ask = (query: string, id: string = randomUUID()) => ({ id, type: 'subscribe', payload: { query } });

  it('the right subprotocol is chosen among others, also by the first socket of a process', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, [
      'other',
      GRAPHQL_TRANSPORT_WS_PROTOCOL,
    ]);
    await once(socket, 'open');
    expect(socket.protocol).toBe(GRAPHQL_TRANSPORT_WS_PROTOCOL);
    socket.terminate();
  });

  let silent: Line;
  it('who opens a socket is waited for', async () => {
    silent = await new Line().open();
    expect(silent.heard).toEqual([]);
  });

  it.each([
    ['no subprotocol', [], 4406],
    ['the subprotocol of its predecessor', ['graphql-ws'], 1006],
  ])('a socket with %s is not spoken to', async (_what, protocols, code) => {
    expect((await new Line(protocols).closed).code).toBe(code);
  });

  it.each([
    ['that is no JSON', '{', 4400],
    ['of a type that is not there', { type: 'hello' }, 4400],
    ['without a type', { id: '1' }, 4400],
    ['that subscribes without a query', { id: '1', type: 'subscribe', payload: {} }, 4400],
    ['that subscribes without an id', { type: 'subscribe', payload: { query: '{ __typename }' } }, 4400],
    ['that greets a second time', { type: 'connection_init' }, 4429],
  ])('a message %s ends the socket', async (_what, message, code) => {
    const line = await new Line().greeted();
    expect((await line.say(message).closed).code).toBe(code);
  });

  it('a question before the greeting ends it', async () => {
    const line = await new Line().open();
    expect(await line.say(ask('{ __typename }')).closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  it('a second subscription under the id of one that lasts ends it', async () => {
    const run = await seedRun(gateway);
    const watch = ask(`subscription { runUpdated(id: "${globalId('Run', run.id)}") { seq } }`, 'one');
    const line = await new Line().greeted();
    line.say(watch);
    await expect.poll(() => line.heard.length).toBe(2);
    expect(await line.say(watch).closed).toEqual({ code: 4409, reason: 'Subscriber for one already exists' });
  });

  it('an id may be used again once what it named is complete', async () => {
    const line = await new Line().greeted();
    for (let count = 1; count <= 2; count += 1) {
      line.say(ask('{ __typename }', 'again'));
      await expect.poll(() => line.heard.filter(({ type }) => type === 'complete')).toHaveLength(count);
    }
    line.end();
  });

  it('a ping is answered with what it carried, before the greeting too, and a pong is taken', async () => {
    const line = await new Line().open();
    line.say({ type: 'pong' }).say({ type: 'ping', payload: { at: 7 } });
    await line.hears({ type: 'pong', payload: { at: 7 } });
    line.end();
  });

  it('a mistake in the query ends only what was asked, with an error', async () => {
    const line = await new Line().greeted();
    line.say(ask('{ nothing }', 'wrong')).say(ask('{ __typename }', 'right'));
    await line.hears({ id: 'right', type: 'next', payload: { data: { __typename: 'Query' } } });
    await line.hears({ id: 'right', type: 'complete' });
    const error = line.heard.find(({ id, type }) => id === 'wrong' && type === 'error');
    expect(error).toMatchObject({ payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } }] });
    line.end();
  });

  it('what is completed by the client is not told any further', async () => {
    const run = await seedRun(gateway);
    const line = await new Line().greeted();
    line.say(ask(`subscription { runUpdated(id: "${globalId('Run', run.id)}") { seq } }`, 'over'));
    await expect.poll(() => line.heard.length).toBe(2);
    await expect.poll(() => gateway.bus.listeners).toBeGreaterThan(0);
    line.say({ id: 'over', type: 'complete' });
    await expect.poll(() => gateway.bus.listeners).toBe(0);
    expect(line.heard.filter(({ type }) => type === 'complete')).toEqual([]);
    line.end();
  });

  // Opened above, so that the others were tried meanwhile.
  it('for three seconds, and left if it never greets', async () => {
    expect((await silent.closed).code).toBe(4408);
  });
});
