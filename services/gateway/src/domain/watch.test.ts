import { cancelRun, createLogger, launchRun, startWorker, type StepHandler } from '@kneepoint/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flat, list } from '../testing/lists.ts';
import { digest, seedRun } from '../testing/seed.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { globalId } from './ids.ts';

let gateway: TestGateway;
let idle: number;
beforeAll(async () => {
  gateway = await openTestGateway();
  idle = gateway.bus.listeners;
});
afterEach(() => {
  gateway.bus.deaf = false;
});
afterAll(() => gateway.close());

interface State {
  readonly id: string;
  readonly state: string;
  readonly seq: number;
  readonly progress: { readonly fraction: number; readonly done: number | null };
  readonly steps: readonly { readonly state: string }[];
}

const DOCUMENT = `subscription($id: ID!) { runUpdated(id: $id) {
  id state seq progress { fraction done } ${list('steps', 'state')} } }`;

/** Every state that a subscriber sees until the server completes. */
async function watch(id: string, onState: (state: State) => unknown = () => undefined): Promise<State[]> {
  const client = gateway.socket();
  const states: State[] = [];
  try {
    for await (const { data, errors } of client.iterate<{ runUpdated: State }>({
      query: DOCUMENT,
      variables: { id: globalId('Run', id) },
    })) {
      expect(errors).toBeUndefined();
      const { runUpdated: state } = flat<{ runUpdated: State }>(data);
      states.push(state);
      await onState(state);
    }
  } finally {
    await client.dispose();
  }
  return states;
}

async function work(handler: StepHandler): Promise<() => Promise<void>> {
  const { db, bus, store } = gateway;
  const log = createLogger({ service: 'test', level: 'silent' });
  const worker = await startWorker({
    db,
    bus,
    store,
    log,
    service: 'extractor',
    handlers: { extract: handler },
    progressEveryMs: 10,
    retryDelayMs: 10,
  });
  return () => worker.stop({ graceMs: 100 });
}

const noListenersLeft = () => expect.poll(() => gateway.bus.listeners).toBe(idle);

function expectGrowing(states: readonly State[]): void {
  states.slice(1).forEach((state, index) => expect(state.seq).toBeGreaterThan(states[index]!.seq));
}

describe('a subscription', () => {
  it('begins with the present state, shows progress with a growing seq, ends with the terminal state', async () => {
    const run = await seedRun(gateway);
    const stop = await work(async ({ progress }) => {
      for (let done = 1; done <= 4; done++) {
        progress({ done, total: 4, unit: 'images' });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return { output: {} };
    });
    const states = await watch(run.id);
    await stop();
    expect(states[0]!.id).toBe(globalId('Run', run.id));
    expectGrowing(states);
    expect(states.filter(({ state }) => state === 'SUCCEEDED')).toHaveLength(1);
    expect(states.at(-1)).toMatchObject({
      state: 'SUCCEEDED',
      progress: { fraction: 1 },
      steps: [{ state: 'SUCCEEDED' }, { state: 'SUCCEEDED' }],
    });
    // Steps are read anew for each state: between the first and the last some were under way.
    expect(states.some(({ progress: { fraction } }) => fraction > 0 && fraction < 1)).toBe(true);
    await noListenersLeft();
  });

  it('of a run that has ended gives its state once', async () => {
    const run = await seedRun(gateway);
    await cancelRun(gateway.db, gateway.bus, run.id);
    const states = await watch(run.id);
    expect(states.map(({ state }) => state)).toEqual(['CANCELED']);
    await noListenersLeft();
  });

  it('ends although every event is lost', async () => {
    const run = await seedRun(gateway);
    gateway.bus.deaf = true;
    const started = performance.now();
    const states = await watch(run.id, ({ state }) =>
      state === 'QUEUED' ? cancelRun(gateway.db, gateway.bus, run.id) : undefined,
    );
    expect(states.map(({ state }) => state)).toEqual(['QUEUED', 'CANCELED']);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('to a run that is not there, or to no run, is refused as any query is', async () => {
    for (const [id, code] of [
      [globalId('Run', 'nothing'), 'RUN_UNKNOWN'],
      [globalId('Model', 'nothing'), 'ID_INVALID'],
    ] as const) {
      const client = gateway.socket();
      const { value } = (await client.iterate({ query: DOCUMENT, variables: { id } }).next()) as {
        value: { errors: { message: string; extensions: object }[] };
      };
      expect(value.errors).toHaveLength(1);
      expect(value.errors[0]!.extensions).toMatchObject({ code, where: 'id' });
      expect(JSON.stringify(value)).not.toContain('stack');
      await client.dispose();
    }
    await noListenersLeft();
  });

  it('a hundred at once see the end of a run, and leave no listener behind', async () => {
    const run = await seedRun(gateway);
    let present = 0;
    const all = Array.from({ length: 100 }, () =>
      watch(run.id, () => {
        present += 1;
        return present === 100 ? cancelRun(gateway.db, gateway.bus, run.id) : undefined;
      }),
    );
    for (const states of await Promise.all(all)) {
      expectGrowing(states);
      expect(states.at(-1)!.state).toBe('CANCELED');
    }
    await noListenersLeft();
  });

  it('a hundred that leave a run which does not change leave no listener behind either', async () => {
    const run = await seedRun(gateway);
    const clients = Array.from({ length: 100 }, () => gateway.socket());
    const streams = clients.map((client) =>
      client.iterate({ query: DOCUMENT, variables: { id: globalId('Run', run.id) } }),
    );
    await Promise.all(streams.map(async (stream) => void (await stream.next())));
    expect(gateway.bus.listeners).toBe(idle + 100);
    // Half say that they go, half just hang up.
    for (const stream of streams.slice(0, 50)) await stream.return?.();
    clients.slice(50).forEach((client) => client.terminate());
    await noListenersLeft();
    for (const client of clients) await client.dispose();
    await cancelRun(gateway.db, gateway.bus, run.id);
  });
});

it('a closing gateway ends its subscriptions', async () => {
  const other = await openTestGateway();
  const run = await launchRun(other.db, {
    kind: 'ANALYSIS',
    input: {},
    steps: [{ ref: 'a', kind: 'extract', service: 'extractor', name: 'a', key: digest(), input: {}, dependsOn: [] }],
  });
  const stream = other.socket().iterate({ query: DOCUMENT, variables: { id: globalId('Run', run.id) } });
  await stream.next();
  const ended = stream.next().then(
    () => 'ended',
    () => 'ended',
  );
  await other.close();
  expect(await ended).toBe('ended');
  expect(other.bus.listeners).toBe(0);
});
