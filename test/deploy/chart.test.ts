import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@kneepoint/platform';
import { afterAll, describe, expect, it } from 'vitest';
import { available, program } from '../support/available.ts';
import { component, type Json, pods, render, selects } from './support/chart.ts';
import { CUSTOM_KINDS } from './support/crds.ts';
import { environmentOf } from './support/environment.ts';
import { reaches } from './support/network.ts';
import { SECRETS, VALUE_SETS } from './support/value-sets.ts';

const SERVICES = ['gateway', 'extractor', 'regressor', 'pruner', 'trainer'];
/** A worker hands its step back within this. */
const DRAIN_SECONDS = 25;

const sets = available('helm')
  ? Object.entries(VALUE_SETS).map(([name, values]) => ({ name, rendered: render(values) }))
  : [];

describe.skipIf(!available('helm')).each(sets)('the chart with $name', ({ rendered }) => {
  const all = pods(rendered);
  const services = all.filter(({ labels }) => SERVICES.includes(component(labels)));

  it('runs no container with more rights than it needs', () => {
    for (const { name, spec, containers } of all) {
      expect(spec.securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.automountServiceAccountToken, name).toBe(false);
      for (const { securityContext, resources, name: container } of containers) {
        expect(securityContext, `${name} ${container}`).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources, `${name} ${container}`).toMatchObject({ requests: { cpu: any }, limits: { memory: any } });
      }
    }
  });

  it('shows secrets in Secrets only', () => {
    const open = JSON.stringify(rendered.objects.filter(({ kind }) => kind !== 'Secret'));
    for (const secret of SECRETS) expect(open).not.toContain(secret);
    for (const { stringData } of rendered.of('Secret')) {
      for (const [key, value] of Object.entries(stringData)) {
        if (key !== 'MINIO_ACCESS_KEY') expect(open).not.toContain(value);
      }
    }
  });

  it('gives every service a configuration that it accepts, with addresses that all share', () => {
    expect(services.length).toBeGreaterThan(0);
    const shared = services.map((pod) => {
      const environment = environmentOf(pod.spec.containers[0], rendered);
      const config = readConfig(environment);
      expect(config).toMatchObject({ host: '0.0.0.0', dataDir: '/data' });
      expect(config.databaseUrl).toMatch(/^postgres:\/\//);
      expect(config.busUrl).toMatch(/^(nats|tls):\/\//);
      expect(config.artifactsUrl).toMatch(/^s3:\/\/[^@]+$/);
      const { accessKey, secretKey } = config.store;
      // Both, or none where pods prove who they are.
      expect([accessKey, secretKey].filter(Boolean)).toHaveLength(config.artifactsUrl.includes('amazonaws') ? 0 : 2);
      const metrics = { name: 'metrics', containerPort: config.healthPort };
      const own = component(pod.labels) === 'gateway' ? [{ name: 'http', containerPort: config.port }] : [];
      expect(pod.spec.containers[0].ports).toEqual([...own, metrics]);
      return [config.databaseUrl, config.busUrl, config.artifactsUrl, config.store.accessKey];
    });
    expect(new Set(shared.map((addresses) => addresses.join()))).toHaveProperty('size', 1);
  });

  it('bounds the heap of a gateway far below what its container may take', () => {
    const gateway = services.find(({ labels }) => component(labels) === 'gateway')!;
    const heapMb = Number(
      /--max-old-space-size=(\d+)/.exec(environmentOf(gateway.spec.containers[0], rendered)['NODE_OPTIONS'] ?? '')?.[1],
    );
    expect(heapMb).toBeLessThanOrEqual(320);
    expect(gateway.spec.containers[0].resources.limits.memory).toBe('1Gi');
  });

  it('starts services when their servers answer, and ends them after they have handed work back', () => {
    for (const { spec, name } of services) {
      expect(
        spec.initContainers.map(({ args }: Json) => args[0]),
        name,
      ).toEqual(['migrate']);
      expect(spec.terminationGracePeriodSeconds, name).toBeGreaterThan(DRAIN_SECONDS + 5);
      const [{ startupProbe, livenessProbe, readinessProbe }] = spec.containers;
      expect(
        [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path),
        name,
      ).toEqual(['/healthz', '/healthz', '/readyz']);
    }
    const hooks = rendered.objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] !== undefined);
    expect(hooks.map(({ metadata }) => metadata.annotations['helm.sh/hook'])).toEqual(['test']);
  });

  it('mounts what it writes to and reads', () => {
    for (const { name, spec, containers } of all) {
      const volumes = new Set((spec.volumes ?? []).map((volume: Json) => volume.name));
      if (name.startsWith('StatefulSet')) volumes.add('data');
      for (const { volumeMounts = [] } of containers) {
        for (const mount of volumeMounts) expect(volumes, name).toContain(mount.name);
      }
    }
    for (const { containers } of services) {
      for (const { volumeMounts } of containers) {
        expect(volumeMounts.map(({ mountPath }: Json) => mountPath)).toEqual(expect.arrayContaining(['/tmp', '/data']));
      }
    }
  });

  it('selects pods that exist, by ports that they have', () => {
    for (const { metadata, spec } of rendered.of('Service')) {
      const chosen = all.filter(({ labels }) => selects(spec.selector, labels));
      expect(chosen, metadata.name).not.toEqual([]);
      const names = chosen.flatMap(({ containers }) => containers.flatMap(({ ports = [] }) => ports)).map(nameOf);
      for (const { targetPort } of spec.ports) expect(names, metadata.name).toContain(targetPort);
    }
    const selectors = [
      ...rendered.of('PodDisruptionBudget').map(({ spec }) => spec.selector),
      ...rendered.of('Deployment').map(({ spec }) => spec.selector),
    ];
    for (const { matchLabels } of selectors) {
      expect(all.filter(({ labels }) => selects(matchLabels, labels))).toHaveLength(1);
    }
    const deployments = rendered.of('Deployment').map(({ metadata }) => metadata.name);
    for (const { spec } of [...rendered.of('ScaledObject'), ...rendered.of('HorizontalPodAutoscaler')]) {
      expect(deployments).toContain(spec.scaleTargetRef.name);
    }
    for (const { spec } of rendered.of('ServiceMonitor')) {
      const found = rendered
        .of('Service')
        .filter(({ metadata }) => selects(spec.selector.matchLabels, metadata.labels));
      expect(found).toHaveLength(1);
    }
  });

  it('leaves the number of replicas to what scales them', () => {
    const scaled = [...rendered.of('ScaledObject'), ...rendered.of('HorizontalPodAutoscaler')];
    const names = scaled.map(({ spec }) => spec.scaleTargetRef.name);
    for (const { metadata, spec } of rendered.of('Deployment')) {
      expect(spec.replicas === undefined, metadata.name).toBe(names.includes(metadata.name));
    }
  });

  it('lets services reach what they need and nothing else', () => {
    const policies = rendered.of('NetworkPolicy');
    const servers = { postgres: 5432, nats: 4222, minio: 9000 };
    const find = (wanted: string) => all.find(({ labels }) => component(labels) === wanted);
    const commands = ['migrate', 'gc'].map(find).filter((pod) => pod !== undefined);
    for (const [name, port] of Object.entries(servers)) {
      const server = find(name);
      if (server === undefined) continue;
      for (const pod of [...services, ...commands]) {
        expect(reaches(policies, pod, server, port), `${pod.name} to ${name}`).toBe(true);
      }
      if (policies.length === 0) continue;
      expect(reaches(policies, server, find('gateway')!, 4000), `${name} to the gateway`).toBe(false);
      expect(reaches(policies, find('test')!, server, port), `test to ${name}`).toBe(false);
      expect(reaches(policies, find('gateway')!, server, 22)).toBe(false);
    }
    expect(reaches(policies, find('test')!, find('gateway')!, 4000)).toBe(true);
    if (policies.length > 0) {
      expect(reaches(policies, find('gateway')!, find('extractor')!, 4001)).toBe(false);
      expect(reaches(policies, find('test')!, find('gateway')!, 4001), 'test to the metrics').toBe(false);
    }
  });

  it('makes custom objects with fields that their kinds have', () => {
    for (const [kind, schema] of Object.entries(CUSTOM_KINDS)) {
      for (const object of rendered.of(kind)) expect(schema.safeParse(object).error).toBeUndefined();
    }
  });

  it('names objects as Kubernetes lets it, each once', () => {
    const names = rendered.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of rendered.objects) expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});

describe.skipIf(!available('helm', 'kubernetes-validate'))('Kubernetes’ own schemas', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kneepoint-chart-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  // Sets have much in common; every object is checked once.
  const objects = [
    ...new Set(sets.flatMap(({ rendered }) => rendered.objects).map((object) => JSON.stringify(object))),
  ];
  const known = objects.filter((object) => !(JSON.parse(object).kind in CUSTOM_KINDS));

  // The oldest that the chart is for, and the newest that there are schemas of.
  it.each(['1.25', '1.37'])('of version %s take every object of every set', (version) => {
    const file = join(folder, `${version}.yaml`);
    writeFileSync(file, known.join('\n---\n'));
    const { status, stdout, stderr } = validate(version, file);
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    expect(lines.filter((line) => !line.startsWith('INFO '))).toEqual([]);
    expect(lines).toHaveLength(known.length);
    expect(status).toBe(0);
  });

  it('refuse a field that does not exist', () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: Service\nmetadata: { name: x }\nspec: { selectors: {} }\n');
    expect(validate('1.31', file).status).not.toBe(0);
  });
});

function validate(version: string, file: string) {
  const options = ['--kubernetes-version', version, '--strict', '--no-warn', file];
  return spawnSync(program('kubernetes-validate'), options, { encoding: 'utf8' });
}

const any = expect.anything() as unknown;
const nameOf = ({ name }: Json): string => name;
