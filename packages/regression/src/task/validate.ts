import { Failure } from '@kneepoint/failures';
import { KINDS } from '../kinds/registry.ts';
import type { MirrorRule, TaskSpec, TaskType } from './spec.ts';

/** Longest name and most targets: a task is drawn in tables, and every target costs a column of statistics. */
const LONGEST_NAME = 200;
const MOST_TARGETS = 10_000;

const FIELDS = ['name', 'type', 'unit', 'classes', 'bins', 'targets', 'mirror'];

function refuse(field: string, message: string, fix: string): never {
  throw new Failure('REGRESSION_TASK_INVALID', message, { where: field, fix });
}

/**
 * Reads a task description from untrusted JSON. Throws REGRESSION_TASK_INVALID whose `where` is the path of the field, as in
 * `bins[0][2]`.
 */
export function validateTaskSpec(json: unknown): TaskSpec {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    refuse('task', 'a task is not an object', 'an object');
  const task = json as Record<string, unknown>;
  const stranger = Object.keys(task).find((key) => !FIELDS.includes(key));
  if (stranger !== undefined) refuse(stranger, `a task has no field "${stranger}"`, `one of ${FIELDS.join(', ')}`);
  const type = readType(task['type']);
  const spec: TaskSpec = {
    name: readName('name', task['name']),
    type,
    ...(task['unit'] === undefined ? {} : { unit: readName('unit', task['unit']) }),
    ...(task['classes'] === undefined ? {} : { classes: readNames('classes', task['classes']) }),
    ...(task['bins'] === undefined ? {} : { bins: readBins(task['bins']) }),
    targets: readNames('targets', task['targets']),
  };
  const [first] = KINDS[type].specProblems(spec);
  if (first !== undefined) refuse(first.field, first.problem, first.fix);
  if (task['mirror'] === undefined) return spec;
  return { ...spec, mirror: readMirror(task['mirror'], spec.targets.length) };
}

function readType(value: unknown): TaskType {
  const types = Object.keys(KINDS);
  if (typeof value === 'string' && types.includes(value)) return value as TaskType;
  return refuse('type', `${JSON.stringify(value) ?? 'nothing'} is not a task type`, `one of ${types.join(', ')}`);
}

function readName(field: string, value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME) return value;
  return refuse(field, `${field} is not a name`, `a string of 1 to ${LONGEST_NAME} characters`);
}

function readNames(field: string, value: unknown): string[] {
  if (!Array.isArray(value)) return refuse(field, `${field} is not a list`, 'a list of names');
  if (value.length === 0 || value.length > MOST_TARGETS) {
    return refuse(field, `${field} holds ${value.length} names`, `1 to ${MOST_TARGETS} names`);
  }
  const names = value.map((name: unknown, i) => readName(`${field}[${i}]`, name));
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice >= 0) refuse(`${field}[${twice}]`, `"${names[twice] ?? ''}" is named twice`, 'distinct names');
  return names;
}

function readBins(value: unknown): number[][] {
  if (!Array.isArray(value)) return refuse('bins', 'bins is not a list', 'a list of edges per target');
  return value.map((edges: unknown, i) => {
    if (!Array.isArray(edges)) return refuse(`bins[${i}]`, 'the edges of a target are not a list', 'a list of numbers');
    return edges.map((edge: unknown, k) => {
      if (typeof edge === 'number' && Number.isFinite(edge)) return edge;
      return refuse(`bins[${i}][${k}]`, 'an edge is not a finite number', 'a finite number');
    });
  });
}

function readMirror(value: unknown, targets: number): MirrorRule {
  if (value === 'unchanged') return value;
  const isTarget = (index: unknown): index is number =>
    typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < targets;
  const rule = (typeof value === 'object' && value !== null ? value : {}) as { negate?: unknown; swap?: unknown };
  if (Array.isArray(rule.negate) && rule.swap === undefined && rule.negate.every(isTarget))
    return { negate: rule.negate };
  const isPair = (pair: unknown): pair is number[] => Array.isArray(pair) && pair.length === 2 && pair.every(isTarget);
  if (Array.isArray(rule.swap) && rule.negate === undefined && rule.swap.every(isPair)) return { swap: rule.swap };
  return refuse(
    'mirror',
    'mirror is not a rule for this task',
    `"unchanged", { "negate": [targets] } or { "swap": [[target, target]] } with targets 0 to ${targets - 1}`,
  );
}
