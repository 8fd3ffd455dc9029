import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments, stringify } from 'yaml';
import { program } from '../../support/available.ts';

export const CHART = fileURLToPath(new URL('../../../helm/kneepoint', import.meta.url));
/** Objects are made for this version; `go install` leaves helm without one. */
export const KUBERNETES = '1.31';

export type Values = Readonly<Record<string, unknown>>;
// Objects of every kind, read by paths that the tests know.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface Rendered {
  readonly yaml: string;
  readonly objects: readonly Json[];
  /** Of one kind. */
  of(kind: string): readonly Json[];
}

/** `helm template` of the chart with these values. Throws helm's own words when it refuses. */
export function render(values: Values, { release = 'rel', chart = CHART } = {}): Rendered {
  const { status, stdout, stderr } = helm(['template', release, chart, '--namespace', 'team'], values);
  if (status !== 0) throw new Error(stderr.trim());
  const objects = parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
  return { yaml: stdout, objects, of: (kind) => objects.filter((object) => object.kind === kind) };
}

export function helm(args: readonly string[], values: Values) {
  const more = ['--kube-version', KUBERNETES, '--values', '-'];
  return spawnSync(program('helm'), [...args, ...more], { input: stringify(values), encoding: 'utf8' });
}

/** A pod's labels, where they are made, and its specification. */
export interface Pod {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Json;
  /** Init containers too. */
  readonly containers: readonly Json[];
}

export function pods({ objects }: Rendered): readonly Pod[] {
  return objects
    .map((object) => ({ object, template: templateOf(object) }))
    .filter(({ template }) => template?.spec?.containers !== undefined)
    .map(({ object, template: { metadata, spec } }) => ({
      name: `${object.kind}/${object.metadata.name}`,
      labels: metadata.labels,
      spec,
      containers: [...(spec.initContainers ?? []), ...spec.containers],
    }));
}

/** Which part of the release a pod is. */
export function component(labels: Pod['labels']): string {
  return labels['app.kubernetes.io/component'] ?? '';
}

/** Whether a selector by labels takes a pod. */
export function selects(selector: Json, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
}

function templateOf({ kind, ...object }: Json): Json {
  if (kind === 'Pod') return object;
  return kind === 'CronJob' ? object.spec.jobTemplate.spec.template : object.spec?.template;
}
