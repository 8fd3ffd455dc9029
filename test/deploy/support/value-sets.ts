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
      prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
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
  'what a platform team adds to pods': {
    ...BY_SECRET,
    podLabels: { team: 'vision', 'azure.workload.identity/use': 'true' },
    extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.org:3128' }],
    extraVolumes: [{ name: 'trust', configMap: { name: 'trust' } }],
    extraVolumeMounts: [{ name: 'trust', mountPath: '/etc/trust', readOnly: true }],
    extraObjects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' }, data: { a: 'b' } },
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ include "kneepoint.fullname" . }}-text }\n',
    ],
    retention: { enabled: true, podAnnotations: { a: 'b' } },
    gateway: { podLabels: { tier: 'front' }, extraEnv: [{ name: 'TZ', value: 'UTC' }] },
    workers: {
      trainer: {
        extraVolumes: [{ name: 'shm', emptyDir: { medium: 'Memory' } }],
        extraVolumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }],
      },
    },
  },
  'pods that prove who they are to the store': {
    ...BUNDLED,
    store: { external: { url: 's3://s3.eu-central-1.amazonaws.com/kneepoint?tls=true', workloadIdentity: true } },
    serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/reads' } },
    gateway: { serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/signs' } } },
    retention: {
      enabled: true,
      serviceAccount: { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/deletes' } },
    },
    workers: { trainer: { serviceAccount: { name: 'trainers' } } },
  },
  'images by their digest': {
    ...BUNDLED,
    image: { digest: `sha256:${'a'.repeat(64)}` },
    cudaImage: { digest: `sha256:${'b'.repeat(64)}` },
    workers: { trainer: { gpu: { enabled: true } } },
  },
  'a gateway behind a route, with people of an OpenID provider': {
    ...BY_SECRET,
    auth: {
      adminToken: { existingSecret: 'administrator', key: 'token' },
      oidc: {
        issuer: 'https://login.example.org/realms/company',
        audience: 'kneepoint',
        roles: { 'ml-admins': 'admin', everyone: 'viewer' },
      },
    },
    authority: { existingConfigMap: 'company-ca' },
    gateway: {
      origins: ['https://dashboard.example.org', 'https://lab.example.org:8443'],
      httpRoute: {
        enabled: true,
        parentRefs: [{ name: 'public', namespace: 'gateways' }],
        hostnames: ['example.org'],
        path: '/kneepoint',
      },
    },
  },
  'a queue in an account of NATS': {
    ...BY_SECRET,
    bus: { external: { ...BY_SECRET.bus.external, account: 'VISION', monitoringHttps: true } },
    workers: { defaults: { autoscaling: { enabled: true, triggerAuthentication: 'nats-monitoring' } } },
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
    secretsKey: { existingSecret: 'sealing' },
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
