import { readConfig } from '@kneepoint/platform';
import { describe, expect, it } from 'vitest';
import { available } from '../support/available.ts';
import { component, type Json, pods, render, type Rendered } from './support/chart.ts';
import { environmentOf, OWN_SECRETS } from './support/environment.ts';
import { BY_SECRET, VALUE_SETS } from './support/value-sets.ts';

const SERVICES = ['gateway', 'extractor', 'regressor', 'pruner', 'trainer'];

describe.skipIf(!available('helm'))('what a value is for', () => {
  const rendered = (name: keyof typeof VALUE_SETS) => render(VALUE_SETS[name]!);
  const podOf = (from: Rendered, name: string) => pods(from).find(({ labels }) => component(labels) === name)!;

  it('a GPU comes with its image, its provider, its limit and a way onto its nodes', () => {
    const set = rendered('GPUs for extractor and trainer');
    const trainer = podOf(set, 'trainer');
    const [container] = trainer.spec.containers;
    expect(container.image).toBe('kneepoint:0.1.0-cuda');
    expect(container.resources.limits).toEqual({ memory: '32Gi', 'nvidia.com/gpu': 2 });
    expect(readConfig(environmentOf(container, set))).toMatchObject({ provider: 'cuda', memoryMb: 28_672 });
    expect(trainer.spec.tolerations).toEqual([
      { key: 'dedicated', operator: 'Equal', value: 'training', effect: 'NoSchedule' },
      { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
    ]);
    const { spec } = podOf(set, 'extractor');
    expect([spec.runtimeClassName, spec.nodeSelector]).toEqual(['nvidia', { 'nvidia.com/gpu.present': 'true' }]);
    const regressor = podOf(set, 'regressor').spec.containers[0];
    expect([regressor.image, regressor.resources.limits]).toEqual(['kneepoint:0.1.0', { cpu: '4', memory: '9Gi' }]);
  });

  it('a worker is scaled by its own queue, where that is', () => {
    const own = rendered('workers scaled by a bundled queue').of('ScaledObject');
    expect(own.map(({ spec }) => spec.triggers[0].metadata.consumer)).toEqual(SERVICES.slice(1).sort());
    expect(own[0].spec.triggers[0].metadata.natsServerMonitoringEndpoint).toBe('rel-kneepoint-nats.team.svc:8222');
    const [extractor, ...others] = rendered('workers scaled by an external queue').of('ScaledObject');
    expect(others).toEqual([]);
    expect(extractor.spec).toMatchObject({ minReplicaCount: 1, maxReplicaCount: 400 });
    expect(extractor.spec.triggers[0].metadata).toMatchObject({
      natsServerMonitoringEndpoint: 'nats.nats.svc:8222',
      stream: 'team-jobs',
      lagThreshold: '2',
    });
  });

  it('what a platform team adds is in every pod of Kneepoint’s own, and what it adds to one in that one', () => {
    const set = rendered('what a platform team adds to pods');
    const all = pods(set).filter(({ name }) => !name.startsWith('Pod/'));
    expect(all.map(({ labels }) => component(labels)).sort()).toEqual([...SERVICES, 'migrate', 'gc'].sort());
    for (const { name, labels, spec, containers } of all) {
      expect(labels, name).toMatchObject({ team: 'vision', 'azure.workload.identity/use': 'true' });
      expect(spec.volumes, name).toContainEqual({ name: 'trust', configMap: { name: 'trust' } });
      for (const { env, volumeMounts } of containers) {
        expect(env, name).toContainEqual({ name: 'HTTPS_PROXY', value: 'http://proxy.example.org:3128' });
        expect(volumeMounts, name).toContainEqual({ name: 'trust', mountPath: '/etc/trust', readOnly: true });
      }
    }
    expect(podOf(set, 'gateway').labels).toMatchObject({ tier: 'front' });
    const withShm = all.filter(({ spec }) => spec.volumes.some((volume: Json) => volume.name === 'shm'));
    expect(withShm.map(({ labels }) => component(labels))).toEqual(['trainer']);
    const names = set.of('ConfigMap').map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['rel-more', 'rel-kneepoint-text']));
  });

  it('each component may have an account of its own, and no keys where that is enough for the store', () => {
    const set = rendered('pods that prove who they are to the store');
    const account = (name: string) => podOf(set, name).spec.serviceAccountName as string;
    expect(['gateway', 'extractor', 'trainer', 'migrate', 'gc'].map(account)).toEqual([
      'rel-kneepoint-gateway',
      'rel-kneepoint',
      'trainers',
      'rel-kneepoint',
      'rel-kneepoint-gc',
    ]);
    const made = set
      .of('ServiceAccount')
      .map(({ metadata }) => [metadata.name, ...Object.values(metadata.annotations)]);
    expect(made).toEqual([
      ['rel-kneepoint', 'arn:aws:iam::1:role/reads'],
      ['rel-kneepoint-gateway', 'arn:aws:iam::1:role/signs'],
      ['rel-kneepoint-gc', 'arn:aws:iam::1:role/deletes'],
    ]);
    expect(set.yaml).not.toContain('MINIO_SECRET_KEY');
    const { artifactsUrl } = readConfig(environmentOf(podOf(set, 'trainer').spec.containers[0], set));
    expect(artifactsUrl).toBe('s3://s3.eu-central-1.amazonaws.com/kneepoint?tls=true&identity=aws');
  });

  it('a digest is asked for beside the tag', () => {
    const set = rendered('images by their digest');
    const image = (name: string) => podOf(set, name).containers.map((container) => container.image as string);
    expect(new Set(image('gateway'))).toEqual(new Set([`kneepoint:0.1.0@sha256:${'a'.repeat(64)}`]));
    expect(new Set(image('trainer'))).toEqual(new Set([`kneepoint:0.1.0-cuda@sha256:${'b'.repeat(64)}`]));
  });

  it('a route tells the gateway how it is reached, who else may ask it, and who says who people are', () => {
    const set = rendered('a gateway behind a route, with people of an OpenID provider');
    const environment = environmentOf(podOf(set, 'gateway').spec.containers[0], set);
    expect(environment).toMatchObject({
      KNEEPOINT_PUBLIC_URL: 'https://example.org/kneepoint',
      KNEEPOINT_ORIGINS: 'https://dashboard.example.org,https://lab.example.org:8443',
      KNEEPOINT_ADMIN_TOKEN: OWN_SECRETS.administrator!.token,
      KNEEPOINT_OIDC_ISSUER: 'https://login.example.org/realms/company',
      KNEEPOINT_OIDC_AUDIENCE: 'kneepoint',
      KNEEPOINT_OIDC_ROLES: 'everyone=viewer,ml-admins=admin',
      NODE_EXTRA_CA_CERTS: '/etc/kneepoint/authority/ca.crt',
    });
    // Workers do as they are told by the bus, and know nobody.
    const worker = Object.keys(environmentOf(podOf(set, 'trainer').spec.containers[0], set));
    expect(worker.filter((name) => /ADMIN|OIDC|ORIGINS/.test(name))).toEqual([]);
    expect(worker).toContain('NODE_EXTRA_CA_CERTS');
    const [{ spec }] = set.of('HTTPRoute');
    const [service] = set.of('Service').filter(({ metadata }) => metadata.name === spec.rules[0].backendRefs[0].name);
    expect(spec.rules[0].backendRefs[0].port).toBe(service.spec.ports[0].port);
  });

  it('an administrator’s token is made where none is given', () => {
    const token = (): string => {
      const [{ stringData }] = rendered('everything bundled')
        .of('Secret')
        .filter(({ metadata }) => metadata.name === 'rel-kneepoint-admin');
      return stringData.KNEEPOINT_ADMIN_TOKEN as string;
    };
    expect(token()).toMatch(/^kp[A-Za-z0-9]{46}$/);
    expect(token()).not.toBe(token());
  });

  it('the Job that migrates is named by what it is, so that none is ever changed and none is made twice', () => {
    const job = (values: object) => render({ ...BY_SECRET, ...values }).of('Job')[0];
    const first = job({});
    expect(first.metadata.annotations).toBeUndefined();
    expect(first.spec.ttlSecondsAfterFinished).toBeUndefined();
    expect(job({})).toEqual(first);
    // What it runs does not change with these.
    expect(job({ gateway: { replicas: 5 }, logLevel: 'debug' })).toEqual(first);
    const next = job({ image: { tag: '0.2.0' } });
    expect(next.metadata.name).not.toBe(first.metadata.name);
  });

  it('a queue is looked for in the account that it is in', () => {
    const [{ spec }] = rendered('a queue in an account of NATS').of('ScaledObject');
    expect(spec.triggers[0]).toMatchObject({
      metadata: { account: 'VISION', useHttps: 'true' },
      authenticationRef: { name: 'nats-monitoring' },
    });
  });

  it('a regressor has memory for each layer that its cores work on', () => {
    const { resources, env } = podOf(rendered('everything bundled'), 'regressor').spec.containers[0];
    const memoryMb = Number(env.find((entry: Json) => entry.name === 'KNEEPOINT_MEMORY_MB').value);
    expect(Number(resources.limits.cpu) * memoryMb + 1024).toBeLessThanOrEqual(
      parseInt(resources.limits.memory) * 1024,
    );
  });

  it('retention deletes by the command, as old as was said', () => {
    const [{ spec }] = rendered('metrics, traces and retention').of('CronJob');
    const [{ args }] = spec.jobTemplate.spec.template.spec.containers;
    expect(args).toEqual(['gc', '--older-than', '30d', '--runs-older-than', '180d']);
    expect(spec).toMatchObject({ schedule: '@daily', concurrencyPolicy: 'Forbid' });
  });

  it('an ingress tells the gateway how it is reached', () => {
    const set = rendered('a gateway scaled by load behind an ingress');
    const config = readConfig(environmentOf(podOf(set, 'gateway').spec.containers[0], set));
    expect(config.publicUrl).toBe('https://kneepoint.example.org');
    expect(config.store.publicUrl).toBe('https://artifacts.example.org');
  });

  it('certificates and credentials of NATS are where the environment says', () => {
    const set = rendered('NATS with credentials and certificates');
    const [container] = podOf(set, 'pruner').spec.containers;
    const { bus } = readConfig(environmentOf(container, set));
    const paths = [bus.credentials!, ...Object.values(bus.tls!)];
    expect(paths).toHaveLength(4);
    const mounted = container.volumeMounts.map(({ mountPath }: Json) => mountPath);
    for (const path of paths) expect(mounted.filter((folder: string) => path.startsWith(`${folder}/`))).toHaveLength(1);
  });

  it('a password that was chosen is used, and others are made anew', () => {
    const passwords = () =>
      rendered('placement by hand')
        .of('Secret')
        .find(({ metadata }) => metadata.name === 'rel-kneepoint-bundled').stringData;
    const [first, second] = [passwords(), passwords()];
    expect(first.POSTGRES_PASSWORD).toBe('chosen-by-hand');
    expect(first.NATS_PASSWORD).toMatch(/^k[A-Za-z0-9]{31}$/);
    expect(first.NATS_PASSWORD).not.toBe(second.NATS_PASSWORD);
  });

  it('what pods read at start renews them when it changes', () => {
    const sum = (logLevel: string) => {
      const set = render({ ...VALUE_SETS['everything bundled'], logLevel });
      return set.of('Deployment').map(({ spec }) => spec.template.metadata.annotations['checksum/config'] as string);
    };
    expect(sum('info')).toEqual(sum('info'));
    expect(sum('info')).not.toEqual(sum('debug'));
  });
});
