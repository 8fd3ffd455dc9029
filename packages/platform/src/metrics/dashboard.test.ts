import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import './backlog.ts';
import { registry } from './metrics.ts';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const file = new URL('../../../../deploy/grafana/kneepoint.json', import.meta.url);
const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: readonly Panel[] };

/** What Prometheus makes of each metric: histograms come as three series. */
async function series(): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
    const suffixes = String(type) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) found.set(name + suffix, [...labelNames, 'instance', 'job', 'le']);
  }
  return found;
}

const expressions = panels.flatMap(({ title, targets }) => targets.map((target) => [title, target] as const));

it.each(expressions)(
  '"%s" asks only for metrics and labels that Kneepoint has',
  async (_title, { expr, legendFormat }) => {
    const known = await series();
    const names = expr.match(/\b(kneepoint|nodejs|process)_[a-z0-9_]+/g) ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...known.keys()]).toContain(name);
    const labels = names.flatMap((name) => known.get(name)!);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) =>
      list!.split(',').map((label) => label.trim()),
    );
    const matched = [...expr.matchAll(/([a-z_]+)(?==~?")/g)].map(([, label]) => label!);
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
    for (const label of [...grouped, ...matched, ...shown]) expect(labels).toContain(label);
    for (const label of shown) expect(grouped).toContain(label);
  },
);

it('shows every metric of Kneepoint', async () => {
  const shown = expressions.map(([, { expr }]) => expr).join(' ');
  for (const { name } of await registry.getMetricsAsJSON()) {
    if (name.startsWith('kneepoint_')) expect(shown).toContain(name);
  }
});
