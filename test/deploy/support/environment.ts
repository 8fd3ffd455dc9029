import type { Json, Rendered } from './chart.ts';

/** What the kubelet would give a container: its ConfigMap, the image's own, Secrets, and `$(NAME)` put in. */
export function environmentOf(container: Json, rendered: Rendered): Record<string, string> {
  const [config] = rendered.of('ConfigMap');
  const environment: Record<string, string> = { HOST: '0.0.0.0', KNEEPOINT_DATA_DIR: '/data', ...config.data };
  for (const { name, value, valueFrom } of container.env) {
    const text = valueFrom === undefined ? value : secretOf(valueFrom.secretKeyRef, rendered);
    environment[name] = text.replaceAll(/\$\((\w+)\)/g, (_: string, other: string) => environment[other] ?? 'missing');
  }
  return environment;
}

/** Those that users have made themselves. */
export const OWN_SECRETS: Record<string, Record<string, string>> = {
  'own-database': { uri: 'postgres://user:secret@db.example.org/kneepoint' },
  'own-bus': { BUS_URL: 'nats://user:secret@nats.example.org:4222' },
  'own-store': { user: 'access', MINIO_SECRET_KEY: 'secret-secret' },
  administrator: { token: 'of-somebody-who-may-do-everything-anywhere' },
  signing: { KNEEPOINT_SIGNING_KEY: 'sixteen-characters' },
  sealing: { KNEEPOINT_SECRETS_KEY: 'thirty-two-characters-or-more-of-a-key' },
};

function secretOf({ name, key }: { name: string; key: string }, rendered: Rendered): string {
  const made = rendered.of('Secret').find(({ metadata }) => metadata.name === name);
  const value = (made?.stringData ?? OWN_SECRETS[name])?.[key];
  if (value === undefined) throw new Error(`no Secret ${name} with the key ${key}`);
  return value;
}
