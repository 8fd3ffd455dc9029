import type { TaskSpec } from '@kneepoint/regression';

/**
 * The names of what a network answers, in the order of its outputs: classes, labels, bins; of a binary task, which has one output, what 0 and
 * 1 stand for. Of several tasks each as "task/name". Undefined where nothing has a name, as with values that are only measured.
 */
export function labelsOf(tasks: readonly TaskSpec[]): readonly string[] | undefined {
  const named = tasks.map((task) => ({ task: task.name, names: namesOf(task) }));
  if (named.every(({ names }) => names === undefined)) return undefined;
  const [only] = named;
  if (named.length === 1) return only!.names;
  return named.flatMap(({ task, names }) =>
    (names ?? [undefined]).map((name) => (name === undefined ? task : `${task}/${name}`)),
  );
}

function namesOf({ classes, bins, targets }: TaskSpec): readonly string[] | undefined {
  if (classes) return classes;
  if (!bins) return undefined;
  return bins.flatMap((edges, target) => {
    const between = [...edges.keys(), edges.length].map((bin) => binName(edges, bin));
    return bins.length === 1 ? between : between.map((name) => `${targets[target] ?? target}: ${name}`);
  });
}

function binName(edges: readonly number[], bin: number): string {
  const [from, to] = [edges[bin - 1], edges[bin]];
  if (from === undefined) return `below ${to}`;
  return to === undefined ? `from ${from}` : `${from} to ${to}`;
}
