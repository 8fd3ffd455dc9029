import { type Json, type Pod, selects } from './chart.ts';

/** Whether network policies let one pod of the release reach another's port. */
export function reaches(policies: readonly Json[], from: Pod, to: Pod, port: number): boolean {
  return allowed(policies, 'Egress', from, to, port) && allowed(policies, 'Ingress', to, from, port);
}

/** Policies add up: a pod that none of them names is open, one that some name is closed but for what one of those allows. */
function allowed(
  policies: readonly Json[],
  direction: 'Ingress' | 'Egress',
  pod: Pod,
  other: Pod,
  port: number,
): boolean {
  const bearing = policies.filter(
    ({ spec }) => spec.policyTypes.includes(direction) && selects(spec.podSelector.matchLabels, pod.labels),
  );
  if (bearing.length === 0) return true;
  const [rules, peers] = direction === 'Ingress' ? ['ingress', 'from'] : ['egress', 'to'];
  return bearing
    .flatMap(({ spec }) => spec[rules] ?? [])
    .some((rule: Json) => takesPort(rule.ports, port) && takesPeer(rule[peers], other));
}

function takesPort(ports: Json, port: number): boolean {
  return ports === undefined || ports.some((entry: Json) => entry.port === port);
}

/** Peers of the release's own namespace; a selector of namespaces alone takes every pod in them, and `{}` takes all. */
function takesPeer(peers: Json, { labels }: Pod): boolean {
  if (peers === undefined) return true;
  return peers.some((peer: Json) => {
    if (peer.podSelector !== undefined) return selects(peer.podSelector.matchLabels, labels);
    return peer.namespaceSelector !== undefined && Object.keys(peer.namespaceSelector).length === 0;
  });
}
