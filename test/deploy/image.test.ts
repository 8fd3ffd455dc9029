import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '@kneepoint/platform';
import { describe, expect, it } from 'vitest';
import { available, program } from '../support/available.ts';
import type { Json } from './support/chart.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEPLOY = join(ROOT, 'deploy');
const SERVICES = ['gateway', 'extractor', 'regressor', 'pruner', 'trainer'];
const DOCKERFILE = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8');

describe.skipIf(!available('hadolint'))('the Dockerfile', () => {
  it('has nothing that hadolint warns of', () => {
    const { stdout, status } = spawnSync(program('hadolint'), ['--no-color', join(DEPLOY, 'Dockerfile')], {
      encoding: 'utf8',
    });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describe('the images', () => {
  const stages = DOCKERFILE.split(/^FROM /m).slice(1);
  const targets = stages.filter((stage) => / AS (cpu|cuda)\n/.test(stage));

  it('start as a user without rights, under an init, with a health check', () => {
    expect(targets).toHaveLength(2);
    for (const target of targets) {
      expect(target).toMatch(/^USER 10001:10001$/m);
      expect(target).toMatch(/^HEALTHCHECK .*healthcheck\.mjs"\]$/m);
      expect(target).toMatch(/^ENTRYPOINT \["tini-static", "--", "kneepoint"\]$/m);
    }
  });

  it('come from images of one version each, the compiler’s Node being the one that tests run on', () => {
    const bases = [...DOCKERFILE.matchAll(/^ARG \w+_IMAGE=(\S+)$/gm)].map(([, image]) => image!);
    expect(bases).toHaveLength(3);
    for (const base of bases) expect(base).toMatch(/:[\d.]+-/);
    const [, major] = /node:(\d+)/.exec(bases[0]!)!;
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
    expect(engines.node).toContain(`>=${major}.`);
  });

  it('name the version of ONNX Runtime whose CUDA they were chosen for', () => {
    const runtime = JSON.parse(readFileSync(join(ROOT, 'node_modules/onnxruntime-node/package.json'), 'utf8')) as {
      version: string;
    };
    expect(DOCKERFILE).toContain(`ONNX Runtime ${runtime.version.split('.').slice(0, 2).join('.')}'s CUDA provider`);
  });

  it('are made of files that exist', () => {
    const kept = readFileSync(join(DEPLOY, 'Dockerfile.dockerignore'), 'utf8').split('\n');
    const named = kept.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const generated = [...DOCKERFILE.matchAll(/COPY --from=generated \/app\/(\S+)/g)].map(([, path]) => path!);
    expect(generated).toHaveLength(5);
    for (const path of generated) expect(readdirSync(join(ROOT, path)).length, path).toBeGreaterThan(0);
  });
});

describe.skipIf(!available('compose-spec'))('compose.yaml', () => {
  // It puts in defaults only: the caller's environment does not matter.
  const read = (files: readonly string[]): Json => {
    const { stdout, stderr, status } = spawnSync(program('compose-spec'), ['-format', 'json', ...files], {
      cwd: DEPLOY,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const { services } = read(['compose.yaml']) as { services: Record<string, Json> };

  it('has every service and every server, and each answers when it is well', () => {
    expect(Object.keys(services)).toEqual([...SERVICES, 'postgres', 'nats', 'minio', 'prometheus', 'grafana'].sort());
    for (const [name, service] of Object.entries(services)) {
      // Services have theirs from the image.
      if (!SERVICES.includes(name)) expect(service.healthcheck.test, name).toEqual(expect.arrayContaining(['CMD']));
      expect(service.profiles, name).toEqual(['prometheus', 'grafana'].includes(name) ? ['monitoring'] : undefined);
    }
  });

  it('gives services a configuration that they accept, and that fits the servers', () => {
    for (const name of SERVICES) {
      const config = readConfig(environmentOf(services[name]));
      expect(config.databaseUrl).toBe(
        `postgres://kneepoint:${environmentOf(services.postgres).POSTGRES_PASSWORD}@postgres:5432/kneepoint`,
      );
      expect(services.nats.command).toContain(`--pass=${new URL(config.busUrl).password}`);
      const minio = environmentOf(services.minio);
      expect([config.store.accessKey, config.store.secretKey]).toEqual([
        minio.MINIO_ROOT_USER,
        minio.MINIO_ROOT_PASSWORD,
      ]);
      expect(config.store.publicUrl).toBe('http://localhost:9000');
    }
  });

  it('bounds the heap of a gateway as the chart does', () => {
    const values = readFileSync(join(DEPLOY, '../helm/kneepoint/values.yaml'), 'utf8');
    expect(values).toContain(`nodeOptions: '${environmentOf(services.gateway)['NODE_OPTIONS']}'`);
  });

  it('opens ports on this machine only', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(3);
    for (const port of ports) expect(port.host_ip).toBe('127.0.0.1');
  });

  it('runs services without rights, on a system that they cannot write to', () => {
    for (const name of SERVICES) {
      expect(services[name], name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '30s',
      });
      expect(services[name].volumes.map(({ type, target }: Json) => [type, target])).toEqual([
        ['volume', '/data'],
        ['volume', '/tmp'],
      ]);
    }
  });

  it('builds from this Dockerfile’s targets, with a GPU where one is asked for', () => {
    expect(services.trainer.build).toMatchObject({ dockerfile: 'deploy/Dockerfile', target: 'cpu' });
    const gpu = read(['compose.yaml', 'compose.gpu.yaml']).services as Record<string, Json>;
    for (const name of ['extractor', 'pruner', 'trainer']) {
      expect(gpu[name].build.target, name).toBe('cuda');
      expect(gpu[name].deploy.resources.reservations.devices[0]).toMatchObject({
        driver: 'nvidia',
        capabilities: ['gpu'],
      });
      expect(readConfig(environmentOf(gpu[name]))).toMatchObject({
        provider: 'cuda',
        databaseUrl: expect.any(String) as string,
      });
    }
    expect(gpu.regressor.build.target).toBe('cpu');
  });

  it('takes every setting of .env.example, and mounts files that exist', () => {
    const example = readFileSync(join(DEPLOY, '.env.example'), 'utf8');
    const variables = [...example.matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name]) => name!);
    const used = ['compose.yaml', 'compose.gpu.yaml'].map((file) => readFileSync(join(DEPLOY, file), 'utf8')).join('');
    for (const name of variables) expect(used, name).toContain(`\${${name}:-`);
    for (const [, name] of used.matchAll(/\$\{(\w+):-/g)) expect(variables, name).toContain(name);
    const mounts = Object.values(services).flatMap((service) => service.volumes ?? []);
    const binds = mounts.filter(({ type }) => type === 'bind').map(({ source }) => source as string);
    expect(binds.length).toBeGreaterThan(2);
    expect(binds.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('is refused with a key that Compose does not know', () => {
    const wrong = join(ROOT, 'test', 'deploy', 'support', 'wrong-compose.yaml');
    expect(() => read([wrong])).toThrow(/additional properties 'heathcheck' not allowed/);
  });
});

/** A list of `NAME=value`, or a map. */
function environmentOf({ environment }: Json): Record<string, string> {
  const entries: [string, unknown][] = Array.isArray(environment)
    ? environment.map((line: string) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
    : Object.entries(environment as object);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
