import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import './backlog.ts';
import './dependencies.ts';
import { registry } from './metrics.ts';
import './requests.ts';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const file = new URL('../../../../deploy/grafana/kneepoint.json', import.meta.url);
const { panels } = JSON.parse(readFileSync(file, 'utf8')) as { panels: readonly Panel[] };

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = new URL('../../../../helm/kneepoint/files/alerts.yaml', import.meta.url);
const alerts = (
  parse(readFileSync(rules, 'utf8')) as { groups: readonly { rules: readonly Alert[] }[] }
).groups.flatMap((group) => group.rules);

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

const shownBy = panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => [title, expr, [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)]] as const),
);
const told = alerts.map(
  ({ alert, expr, annotations }) =>
    [alert, expr, [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)]] as const,
);

it.each([...shownBy, ...told])(
  '"%s" asks only for metrics and labels that Kneepoint has',
  async (_title, expr, named) => {
    const known = await series();
    const names = expr.match(/\b(kneepoint|nodejs|process)_[a-z0-9_]+/g) ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...known.keys()]).toContain(name);
    const labels = names.flatMap((name) => known.get(name)!);
    const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) =>
      list!.split(',').map((label) => label.trim()),
    );
    const matched = [...expr.matchAll(/([a-z_]+)(?=(?:=~?|!=)")/g)].map(([, label]) => label!);
    const shown = named.map(([, label]) => label!);
    for (const label of [...grouped, ...matched, ...shown]) expect(labels).toContain(label);
    for (const label of shown) expect(grouped).toContain(label);
  },
);

it('shows every metric of Kneepoint', async () => {
  const shown = shownBy.map(([, expr]) => expr).join(' ');
  for (const { name } of await registry.getMetricsAsJSON()) {
    if (name.startsWith('kneepoint_')) expect(shown).toContain(name);
  }
});
