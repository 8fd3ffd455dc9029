import type { Values } from './chart.ts';

const bundled = { bundled: { enabled: true } };
export const BUNDLED = { database: bundled, bus: bundled, store: bundled };

/** What must be found in Secrets only; the last is one that users have made themselves. */
export const SECRETS = ['p4stgres-s3cret', 'n4ts-s3cret', 'st0re-acc3ss', 'st0re-s3cret'] as const;
export const BY_URL = {
  database: { external: { url: `postgres://kneepoint:${SECRETS[0]}@db.example.org:5432/kneepoint` } },
  bus: { external: { url: `nats://kneepoint:${SECRETS[1]}@nats.example.org:4222?replicas=3` } },
  store: {
    publicUrl: 'https://artifacts.example.org',
    external: { url: 's3://minio.example.org/kneepoint?tls=true', accessKey: SECRETS[2], secretKey: SECRETS[3] },
  },
};
export const BY_SECRET = {
  database: { external: { existingSecret: 'own-database', key: 'uri' } },
  bus: { external: { existingSecret: 'own-bus', monitoring: 'nats.nats.svc:8222' } },
  store: {
    external: { url: 's3://minio.example.org:9000/kneepoint', existingSecret: 'own-store', accessKeyKey: 'user' },
  },
};

const peer = (name: string) => [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }];

/** Installations that differ in as much as the chart lets them. */
export const VALUE_SETS: Readonly<Record<string, Values>> = {
  'everything bundled': BUNDLED,
  'everything external, by URL': BY_URL,
  'everything external, by Secrets of one’s own': BY_SECRET,
  'a bundled database, an external bus and store': { ...BY_URL, database: bundled },
  'NATS with credentials and certificates': {
    ...BUNDLED,
    bus: {
      external: {
        url: 'tls://nats.example.org:4222',
        credentials: { existingSecret: 'nats-user' },
        tls: { existingSecret: 'nats-tls', certKey: 'tls.crt', keyKey: 'tls.key' },
      },
    },
  },
  'GPUs for extractor and trainer': {
    ...BUNDLED,
    workers: {
      extractor: {
        gpu: { enabled: true, runtimeClassName: 'nvidia' },
        nodeSelector: { 'nvidia.com/gpu.present': 'true' },
      },
      trainer: {
        gpu: { enabled: true, count: 2 },
        tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'training', effect: 'NoSchedule' }],
        resources: { requests: { cpu: 8, memory: '30Gi' }, limits: { memory: '32Gi' } },
        memoryMb: 28672,
      },
    },
  },
  'workers scaled by a bundled queue': { ...BUNDLED, workers: { defaults: { autoscaling: { enabled: true } } } },
  'workers scaled by an external queue': {
    ...BY_SECRET,
    bus: { ...BY_SECRET.bus, stream: 'team-jobs' },
    workers: { extractor: { autoscaling: { enabled: true, minReplicas: 1, maxReplicas: 400, jobsPerReplica: 2 } } },
  },
  'a gateway scaled by load behind an ingress': {
    ...BY_URL,
    gateway: {
      autoscaling: { enabled: true, minReplicas: 3 },
      ingress: {
        enabled: true,
        className: 'nginx',
        host: 'kneepoint.example.org',
        tlsSecret: 'kneepoint-tls',
        annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' },
      },
    },
  },
  'metrics, traces and retention': {
    ...BUNDLED,
    retention: { enabled: true, schedule: '@daily', runsOlderThan: '180d' },
    telemetry: {
      otlpEndpoint: 'http://collector.monitoring:4318',
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    },
  },
  'only what a small team needs': {
    ...BUNDLED,
    gateway: { replicas: 1, podDisruptionBudget: { enabled: false } },
    workers: {
      defaults: { podDisruptionBudget: { enabled: false } },
      trainer: { enabled: false },
      pruner: { replicas: 0 },
    },
    migration: { job: false },
    serviceAccount: { create: false },
    networkPolicy: { enabled: false },
  },
  'narrow network policies': {
    ...BY_SECRET,
    networkPolicy: {
      gatewayFrom: peer('ingress-nginx'),
      metricsFrom: peer('monitoring'),
      storeFrom: peer('ingress-nginx'),
      externalCidrs: ['10.0.0.0/8'],
      externalPorts: [5432, 4222, 9000],
    },
    telemetry: { serviceMonitor: { enabled: true } },
  },
  'a narrow bundled store': { ...BUNDLED, networkPolicy: { storeFrom: peer('ingress-nginx') } },
  'names, labels and a private registry': {
    ...BUNDLED,
    fullnameOverride: 'a-name-so-long-that-every-suffix-would-exceed-what-a-label-may-hold',
    commonLabels: { team: 'vision' },
    image: {
      repository: 'registry.example.org:5000/kneepoint',
      tag: 'sha-1',
      pullPolicy: 'Always',
      pullSecrets: ['pull'],
    },
    serviceAccount: { name: 'workload', annotations: { 'iam.example.org/role': 'kneepoint' } },
  },
  'placement by hand': {
    ...BUNDLED,
    signingKey: { existingSecret: 'signing' },
    gateway: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } },
          ],
        },
      },
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
      ],
      priorityClassName: 'high',
      podAnnotations: { 'linkerd.io/inject': 'enabled' },
      extraEnv: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ssl/own.pem' }],
      service: { type: 'LoadBalancer', port: 443, annotations: { a: 'b' } },
    },
    database: { bundled: { enabled: true, storageClass: 'fast', password: 'chosen-by-hand' } },
  },
};
