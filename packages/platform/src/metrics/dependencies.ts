import { setTimeout as sleep } from 'node:timers/promises';
import { Gauge } from 'prom-client';
import { registry } from './metrics.ts';

export type DependencyChecks = Readonly<Record<string, () => Promise<void>>>;

/** A scrape waits no longer for a dependency that does not answer. */
const LIMIT_MS = 2_000;

const watched = new Set<DependencyChecks>();

new Gauge({
  name: 'kneepoint_dependency_up',
  help: 'Whether this process reaches what it stands on: 1 or 0',
  labelNames: ['dependency'] as const,
  registers: [registry],
  async collect() {
    this.reset();
    const states = await Promise.all(
      [...watched].flatMap((checks) =>
        Object.entries(checks).map(async ([dependency, check]) => ({ dependency, up: await isUp(check) })),
      ),
    );
    for (const { dependency, up } of states) this.set({ dependency }, up ? 1 : 0);
  },
});

/** Asks these dependencies whenever the metrics are read; the result ends that. */
export function watchDependencies(checks: DependencyChecks): () => void {
  watched.add(checks);
  return () => void watched.delete(checks);
}

async function isUp(check: () => Promise<void>): Promise<boolean> {
  const over = new AbortController();
  const limit = sleep(LIMIT_MS, false, { signal: over.signal }).catch(() => false);
  const answered = check().then(
    () => true,
    () => false,
  );
  const up = await Promise.race([answered, limit]);
  over.abort();
  return up;
}
