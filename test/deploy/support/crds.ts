import { z } from 'zod';

const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({ name: z.string(), labels, annotations: labels.optional() });
/** A quantity that KEDA and NATS read from text. */
const count = z.string().regex(/^[1-9]\d*$/);

/** Kinds that the cluster's own schemas do not have, as far as the chart uses them; every other field is refused. */
export const CUSTOM_KINDS = {
  /** keda.sh/v1alpha1, scaler `nats-jetstream`: https://keda.sh/docs/latest/scalers/nats-jetstream */
  ScaledObject: z.strictObject({
    apiVersion: z.literal('keda.sh/v1alpha1'),
    kind: z.literal('ScaledObject'),
    metadata,
    spec: z.strictObject({
      scaleTargetRef: z.strictObject({ name: z.string() }),
      minReplicaCount: z.int().min(0),
      maxReplicaCount: z.int().min(1),
      pollingInterval: z.int().min(1),
      cooldownPeriod: z.int().min(0),
      triggers: z.tuple([
        z.strictObject({
          type: z.literal('nats-jetstream'),
          metadata: z.strictObject({
            natsServerMonitoringEndpoint: z.string().regex(/^[a-z0-9.-]+:\d+$/),
            account: z.string(),
            useHttps: z.literal('true').optional(),
            stream: z.string(),
            consumer: z.enum(['extractor', 'regressor', 'pruner', 'trainer']),
            lagThreshold: count,
          }),
          authenticationRef: z.strictObject({ name: z.string() }).optional(),
        }),
      ]),
    }),
  }),
  /** monitoring.coreos.com/v1 of the Prometheus operator. */
  ServiceMonitor: z.strictObject({
    apiVersion: z.literal('monitoring.coreos.com/v1'),
    kind: z.literal('ServiceMonitor'),
    metadata,
    spec: z.strictObject({
      selector: z.strictObject({ matchLabels: labels }),
      podTargetLabels: z.array(z.string()),
      endpoints: z.array(
        z.strictObject({ port: z.string(), path: z.literal('/metrics'), interval: z.string().regex(/^\d+(ms|s|m)$/) }),
      ),
    }),
  }),
  /** The same; durations and expressions are Prometheus's. */
  PrometheusRule: z.strictObject({
    apiVersion: z.literal('monitoring.coreos.com/v1'),
    kind: z.literal('PrometheusRule'),
    metadata,
    spec: z.strictObject({
      groups: z.array(
        z.strictObject({
          name: z.string(),
          rules: z.array(
            z.strictObject({
              alert: z.string().regex(/^Kneepoint[A-Z]\w+$/),
              expr: z.string(),
              for: z
                .string()
                .regex(/^\d+[smh]$/)
                .optional(),
              labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
              annotations: z.strictObject({ summary: z.string(), description: z.string() }),
            }),
          ),
        }),
      ),
    }),
  }),
  /** gateway.networking.k8s.io/v1 of the Gateway API. */
  HTTPRoute: z.strictObject({
    apiVersion: z.literal('gateway.networking.k8s.io/v1'),
    kind: z.literal('HTTPRoute'),
    metadata,
    spec: z.strictObject({
      parentRefs: z.array(z.strictObject({ name: z.string(), namespace: z.string().optional() })).min(1),
      hostnames: z.array(z.string()).optional(),
      rules: z.array(
        z.strictObject({
          matches: z.tuple([
            z.strictObject({ path: z.strictObject({ type: z.literal('PathPrefix'), value: z.string() }) }),
          ]),
          backendRefs: z.tuple([z.strictObject({ name: z.string(), port: z.int() })]),
        }),
      ),
    }),
  }),
} as const;
