import { setTimeout as sleep } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '@kneepoint/failures';
import { available } from '../../../../test/support/available.ts';
import { startNats } from '../../../../test/support/nats.ts';
import { NatsBus } from '../bus/nats-bus.ts';
import { registry } from '../metrics/metrics.ts';
import { inSpan } from '../tracing/spans.ts';
import { ENGINES, gate, plan, World } from './contract/world.ts';
import { launchRun } from './launch-run.ts';
import { startDispatcher } from './start-dispatcher.ts';
import type { StepHandler } from './step-handler.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const world = new World();

beforeAll(async () => {
  provider.register();
  await world.open(ENGINES[0]!.start);
  await world.renew();
});
afterAll(async () => {
  await world.close();
  await provider.shutdown();
  trace.disable();
});

/** The value of a metric with these labels; 0 before it is first seen. */
async function metric(name: string, labels: Record<string, string>): Promise<number> {
  const { values } = (await registry.getSingleMetric(name)!.get()) as {
    values: { value: number; labels: Record<string, unknown>; metricName?: string }[];
  };
  const found = values.find(
    ({ labels: own, metricName }) =>
      (metricName === undefined || metricName === `${name}_count` || metricName === name) &&
      Object.entries(labels).every(([key, value]) => own[key] === value),
  );
  return found?.value ?? 0;
}

describe('a run that is watched', () => {
  it('is counted: its steps while they run, images, failures by code, and how long each took', async () => {
    const started = gate();
    const finish = gate();
    const work: StepHandler = async ({ step, progress }) => {
      if (step.attempt === 1) throw new Failure('STORE_UNAVAILABLE', 'away');
      progress({ done: 10, total: 30, unit: 'images' });
      progress({ done: 30, total: 30, unit: 'images' });
      started.open();
      await finish.promise;
      return { output: {}, provider: 'cpu' };
    };
    world.dispatch();
    const worker = await world.worker({ service: 'watched', handlers: { work }, config: { provider: 'cpu' } });
    const labels = { service: 'watched', kind: 'work' };
    const run = await launchRun(world.db, { kind: 'TEST', input: {}, steps: [plan('watched')] });
    await started.promise;
    expect(await metric('kneepoint_steps_running', { ...labels, provider: 'cpu' })).toBe(1);
    expect(worker.status()).toMatchObject({
      ...{ service: 'watched', state: 'working', provider: 'cpu', ended: { FAILED: 1 } },
      steps: [{ run: run.id, attempt: 2, kind: 'work', done: 30, total: 30, unit: 'images' }],
    });
    expect(worker.status().heartbeatAgeSeconds).toBeLessThan(5);
    finish.open();
    await world.ended(run.id);
    await world.until(
      () => Promise.resolve(worker.status()),
      ({ state }) => state === 'idle',
    );
    expect(worker.status().ended).toEqual({ FAILED: 1, SUCCEEDED: 1 });
    expect(await metric('kneepoint_steps_running', { ...labels, provider: 'cpu' })).toBe(0);
    expect(await metric('kneepoint_steps_done_total', { ...labels, provider: 'cpu' })).toBe(1);
    expect(await metric('kneepoint_images_total', labels)).toBe(30);
    expect(await metric('kneepoint_failures_total', { ...labels, code: 'STORE_UNAVAILABLE' })).toBe(1);
    expect(await metric('kneepoint_step_duration_seconds', { ...labels, outcome: 'FAILED' })).toBe(1);
    expect(await metric('kneepoint_step_duration_seconds', { ...labels, outcome: 'SUCCEEDED' })).toBe(1);
    expect(await metric('kneepoint_run_duration_seconds', { kind: 'TEST', state: 'SUCCEEDED' })).toBe(1);
    expect(await registry.metrics()).toContain('nodejs_eventloop_lag_seconds');
  });

  it.runIf(available('nats-server'))(
    'is one trace from request to commit, through NATS and its second step',
    async () => {
      // ends the dispatcher of the test before
      await world.renew();
      const server = await startNats();
      const bus = await NatsBus.open(server.url);
      world.later(() => server.stop());
      world.later(() => bus.close());
      const dispatcher = startDispatcher(world.db, bus, { everyMs: 50 });
      world.later(() => dispatcher.stop());
      const work: StepHandler = () => Promise.resolve({ output: {} });
      await world.worker({ service: 'traced', handlers: { work } }, { bus });
      exporter.reset();
      const run = await inSpan('POST /graphql', {}, () =>
        launchRun(world.db, {
          ...{ kind: 'TEST', input: {} },
          steps: [plan('traced', { ref: 'a' }), plan('traced', { ref: 'b', dependsOn: ['a'] })],
        }),
      );
      await world.ended(run.id);
      await sleep(200);
      const spans = exporter.getFinishedSpans();
      const root = spans.find(({ name }) => name === 'POST /graphql')!;
      const own = spans.filter((span) => span.spanContext().traceId === root.spanContext().traceId);
      expect(own.map(({ name }) => name).sort()).toEqual(
        [
          ...['POST /graphql', 'launch TEST'],
          ...[1, 2].flatMap(() => ['publish jobs.traced', 'process jobs.traced', 'claim', 'step work', 'commit']),
        ].sort(),
      );
      const nameOf = new Map(own.map((span) => [span.spanContext().spanId, span.name]));
      const parents = own.map((span) => [span.name, nameOf.get(span.parentSpanContext?.spanId ?? '')]);
      const expected = [
        ['launch TEST', 'POST /graphql'],
        ['publish jobs.traced', 'launch TEST'],
        ['process jobs.traced', 'publish jobs.traced'],
        ['claim', 'process jobs.traced'],
        ['step work', 'process jobs.traced'],
        ['commit', 'process jobs.traced'],
        // what the first step freed is published because of its commit
        ['publish jobs.traced', 'commit'],
      ];
      for (const pair of expected) expect(parents).toContainEqual(pair);
    },
  );
});
