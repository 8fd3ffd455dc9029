import { mkdirSync, mkdtempSync, cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { available } from '../support/available.ts';
import { CHART, helm, render, type Values } from './support/chart.ts';
import { BUNDLED, BY_SECRET, BY_URL, VALUE_SETS } from './support/value-sets.ts';

describe.skipIf(!available('helm'))('the chart refuses', () => {
  const refused: readonly [what: string, values: Values, why: string][] = [
    [
      'no database',
      { ...BUNDLED, database: {} },
      'database: neither database.external nor database.bundled is given; name your own with database.external, or set database.bundled.enabled=true for evaluation.',
    ],
    ['no bus', { ...BUNDLED, bus: {} }, 'bus: neither bus.external nor bus.bundled is given;'],
    ['no store', { ...BUNDLED, store: {} }, 'store: neither store.external nor store.bundled is given;'],
    [
      'two databases',
      { ...BUNDLED, database: { ...BUNDLED.database, ...BY_URL.database } },
      'database: both database.external and database.bundled are given; give one of them.',
    ],
    ['two buses', { ...BUNDLED, bus: { ...BUNDLED.bus, ...BY_SECRET.bus } }, 'bus: both bus.external and bus.bundled'],
    ['two stores', { ...BUNDLED, store: { ...BUNDLED.store, ...BY_URL.store } }, 'store: both store.external and'],
    [
      'a URL beside a Secret',
      { ...BUNDLED, database: { external: { url: 'postgres://a/b', existingSecret: 'c' } } },
      'database: both database.external.url and database.external.existingSecret are given; give one of them.',
    ],
    [
      'a store without keys',
      { ...BUNDLED, store: { external: { url: 's3://minio:9000/kneepoint' } } },
      'store: store.external.url is given without keys; name a Secret with store.external.existingSecret, give accessKey and secretKey, or let pods prove who they are with workloadIdentity=true.',
    ],
    [
      'a store with two sorts of keys',
      { ...BY_SECRET, store: { external: { ...BY_SECRET.store.external, accessKey: 'a' } } },
      'store: both store.external.existingSecret and keys are given; give one of them.',
    ],
    [
      'keys for those who prove who they are',
      { ...BY_SECRET, store: { external: { ...BY_SECRET.store.external, workloadIdentity: true } } },
      'store: both store.external.workloadIdentity and keys are given; give one of them.',
    ],
    [
      'a route that no Gateway takes',
      { ...BUNDLED, gateway: { httpRoute: { enabled: true } } },
      'gateway: the route is enabled without a Gateway that takes it; name one in gateway.httpRoute.parentRefs.',
    ],
    [
      'an issuer whose tokens may be meant for anybody',
      { ...BUNDLED, auth: { oidc: { issuer: 'https://login.example.org' } } },
      'auth: auth.oidc has one of issuer and audience; give both or neither.',
    ],
    [
      'a token that can be guessed',
      { ...BUNDLED, auth: { adminToken: { value: 'secret' } } },
      "at '/auth/adminToken/value'",
    ],
    ['a digest that is none', { ...BUNDLED, image: { digest: 'latest' } }, "at '/image/digest'"],
    [
      'keys in the store’s URL',
      { ...BUNDLED, store: { external: { url: 's3://a:b@minio/kneepoint' } } },
      "at '/store/external/url'",
    ],
    [
      'a certificate without its key',
      { ...BUNDLED, bus: { external: { url: 'tls://a', tls: { existingSecret: 'b', certKey: 'tls.crt' } } } },
      'bus: bus.external.tls has one of certKey and keyKey; give both or neither.',
    ],
    [
      'an ingress without a host',
      { ...BUNDLED, gateway: { ingress: { enabled: true } } },
      'gateway: the ingress is enabled without a host; set gateway.ingress.host.',
    ],
    [
      'autoscaling by a queue that it cannot see',
      { ...BY_URL, workers: { trainer: { autoscaling: { enabled: true } } } },
      'workers.trainer: autoscaling reads the queue from NATS’s monitoring port; set bus.external.monitoring to host:8222.',
    ],
    [
      'a GPU that would idle',
      { ...BUNDLED, workers: { extractor: { gpu: { enabled: true }, provider: 'cpu' } } },
      'workers.extractor: it has a GPU and the provider cpu, which leaves it idle; set one of them otherwise.',
    ],
    [
      'CUDA without a GPU',
      { ...BUNDLED, workers: { defaults: { provider: 'cuda' } } },
      'the provider cuda fails without a GPU; set workers.',
    ],
    [
      'a GPU for curves',
      { ...BUNDLED, workers: { regressor: { gpu: { enabled: true } } } },
      'workers.regressor: curves are computed on the CPU, and a GPU would idle; leave gpu.enabled to the other workers.',
    ],
    ['a misspelt value', { ...BUNDLED, gatway: {} }, "additional properties 'gatway' not allowed"],
    [
      'a misspelt value of a worker',
      { ...BUNDLED, workers: { trainer: { replica: 2 } } },
      "at '/workers/trainer': additional properties 'replica' not allowed",
    ],
    [
      'a worker that does not exist',
      { ...BUNDLED, workers: { painter: {} } },
      "additional properties 'painter' not allowed",
    ],
    [
      'a password that a URL would break',
      { ...BUNDLED, bus: { bundled: { enabled: true, password: 'p@ss/word' } } },
      "at '/bus/bundled/password'",
    ],
    [
      'an image without a version',
      { ...BUNDLED, store: { bundled: { enabled: true, image: 'minio/minio' } } },
      "at '/store/bundled/image'",
    ],
    ['a number in words', { ...BUNDLED, workers: { pruner: { memoryMb: '4Gi' } } }, 'got string, want integer'],
    ['an unknown provider', { ...BUNDLED, workers: { pruner: { provider: 'tpu' } } }, "at '/workers/pruner/provider'"],
  ];

  it.each(refused)('%s', (_what, values, why) => {
    expect(() => render(values)).toThrow(why.replaceAll('’', "'"));
  });
});

describe.skipIf(!available('helm'))('the chart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneepoint-notes-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.entries(VALUE_SETS))('passes helm lint --strict with %s', (_name, values) => {
    const { stdout, stderr, status } = helm(['lint', '--strict', CHART], values);
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  // helm shows notes only to those who have a cluster: here they are made an object.
  it('tells an installer the first query and how to reach the gateway', () => {
    const chart = join(folder, 'kneepoint');
    mkdirSync(chart);
    cpSync(CHART, chart, { recursive: true });
    renameSync(join(chart, 'templates', 'NOTES.txt'), join(chart, 'notes'));
    const object = 'kind: Notes\nmetadata: { name: notes }\ntext: {{ tpl (.Files.Get "notes") . | quote }}\n';
    writeFileSync(join(chart, 'templates', 'notes.yaml'), object);
    const notes = (values: Values) => render(values, { chart }).of('Notes')[0].text as string;

    const evaluation = notes(BUNDLED);
    expect(evaluation).toContain('kubectl --namespace team port-forward service/rel-kneepoint-gateway 4000:80 &');
    expect(evaluation).toMatch(/curl --silent http:\/\/localhost:4000\/graphql .*"query":"\{ runs\(first: 5\)/);
    expect(evaluation).toContain('Bundled servers have one replica and no backups');
    const team = notes(VALUE_SETS['a gateway scaled by load behind an ingress']!);
    expect(team).toContain('curl --silent https://kneepoint.example.org/graphql');
    expect(team).not.toMatch(/port-forward|evaluation/);
  });
});
