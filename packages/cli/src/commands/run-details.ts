import type { RunDetailsInput, RunFilter, RunState } from '@kneepoint/client';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { readNames } from './plan-options.ts';

/** What people say of a run, and find it again by. */
export interface RunDetailFlags {
  readonly name?: string;
  readonly label?: readonly string[];
}

export interface RunFilterFlags extends RunDetailFlags {
  readonly task?: string;
  readonly state?: string;
}

const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

const STATES: readonly RunState[] = [
  ...(['QUEUED', 'STARTING', 'RUNNING', 'CANCELING'] as const),
  ...(['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'] as const),
];

/** The options of every command that launches a run. */
export function withRunDetails(command: Command): Command {
  return command
    .option('--name <name>', 'what the run is called; commands take it in place of an id')
    .option('--label <key=value>', 'a label of the run, by which `runs` finds it; may be repeated', repeated);
}

/** The options of a command that lists runs. */
export function withRunFilter(command: Command): Command {
  return command
    .option('--name <name>', 'only runs that are called so')
    .option('--label <key=value>', 'only runs with this label; may be repeated', repeated)
    .option('--task <name>', 'only runs about this task')
    .option('--state <states>', `only runs in one of these states: ${STATES.join(', ').toLowerCase()}`);
}

/** As a part of a launch. Throws RUN_DETAILS_INVALID. */
export function readRunDetails({ name, label }: RunDetailFlags): { readonly run?: RunDetailsInput } {
  if (name === undefined && label === undefined) return {};
  return {
    run: { ...(name === undefined ? {} : { name }), ...(label === undefined ? {} : { labels: readLabels(label) }) },
  };
}

/** Undefined where nothing narrows the list. Throws RUN_DETAILS_INVALID, RUN_FILTER_INVALID. */
export function readRunFilter({ name, label, task, state }: RunFilterFlags): RunFilter | undefined {
  const filter = {
    ...(name === undefined ? {} : { name }),
    ...(label === undefined ? {} : { labels: readLabels(label) }),
    ...(task === undefined ? {} : { task }),
    ...(state === undefined ? {} : { states: readNames(state).map(readState) }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

function readLabels(labels: readonly string[]): { readonly key: string; readonly value: string }[] {
  return labels.map((label) => {
    const at = label.indexOf('=');
    if (at > 0) return { key: label.slice(0, at), value: label.slice(at + 1) };
    throw new Failure('RUN_DETAILS_INVALID', `the label is "${label}"`, {
      where: '--label',
      fix: 'Pass a key and a value, such as --label team=vision.',
    });
  });
}

function readState(text: string): RunState {
  const state = STATES.find((known) => known === text.toUpperCase().replaceAll('-', '_'));
  if (state !== undefined) return state;
  throw new Failure('RUN_FILTER_INVALID', `no run is ever "${text}"`, {
    where: '--state',
    fix: `Pass some of ${STATES.join(', ').toLowerCase()}, separated by commas.`,
  });
}
