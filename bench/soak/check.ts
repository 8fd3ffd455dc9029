import type { FaultWorld } from '../../test/faults/world.ts';

const TERMINAL = ['SUCCEEDED', 'FAILED', 'CANCELED', 'TIMED_OUT'];
/** Failures that a storm of kills explains: three workers of a step in a row died. */
const EXPLAINED = ['WORKER_LOST', 'JOB_GIVEN_UP'];
const DRAIN_SECONDS = 60;

export interface Verdict {
  readonly problems: readonly string[];
  readonly rows: readonly (readonly [string, string | number])[];
}

/** Looks at everything that the storm left behind; each problem is a sentence. */
export async function check(
  world: FaultWorld,
  launched: readonly string[],
  canceled: ReadonlySet<string>,
): Promise<Verdict> {
  const { db, store } = world;
  const problems: string[] = [];
  const note = (count: number, what: string): void => void (count > 0 && problems.push(`${count} ${what}`));

  const drained = async () => {
    const { jobs, dead } = await world.messages();
    return jobs + dead + (await db.prisma.outbox.count()) === 0;
  };
  await world.until('outbox and streams are empty', drained, DRAIN_SECONDS).catch((error: Error) => {
    problems.push(error.message.split('\n')[0]!);
  });

  const runs = await db.prisma.run.findMany({ include: { steps: { include: { attempts: true } } } });
  const known = new Set(runs.map(({ id }) => id));
  note(launched.filter((id) => !known.has(id)).length, 'runs were lost');
  note(runs.filter(({ state }) => !TERMINAL.includes(state)).length, 'runs have not ended');
  const canceledUnasked = runs.filter(({ id, state }) => state === 'CANCELED' && !canceled.has(id));
  note(canceledUnasked.length, 'runs were canceled that nobody canceled');
  const failed = runs.filter(({ state }) => state === 'FAILED' || state === 'TIMED_OUT');
  const codeOf = ({ failure }: (typeof runs)[number]) => (failure as { code?: string } | null)?.code ?? 'none';
  const unexplained = failed.filter((run) => !EXPLAINED.includes(codeOf(run)));
  note(unexplained.length, `runs failed for another reason than kills: ${unexplained.map(codeOf).join(', ')}`);

  const steps = runs.flatMap((run) => run.steps);
  const attempts = steps.flatMap((step) => step.attempts);
  const successes = (step: (typeof steps)[number]) =>
    step.attempts.filter(({ outcome }) => outcome === 'SUCCEEDED').length;
  note(steps.filter((step) => successes(step) > 1).length, 'steps were done twice');
  const worked = steps.filter(({ state, reused }) => state === 'SUCCEEDED' && !reused);
  note(worked.filter((step) => successes(step) !== 1).length, 'steps succeeded without an attempt that did');
  note(attempts.filter(({ endedAt }) => endedAt === null).length, 'attempts have no end');

  const results = await db.prisma.result.findMany({ select: { key: true, artifacts: true } });
  const keys = new Set(results.map(({ key }) => key));
  note(steps.filter(({ key, state }) => state === 'SUCCEEDED' && !keys.has(key)).length, 'results are missing');
  const referenced = new Set(results.flatMap(({ artifacts }) => artifacts));
  let damaged = 0;
  // Reading compares the sha256 of what comes.
  for (const sha256 of referenced) await store.read(sha256).catch(() => (damaged += 1));
  note(damaged, 'artifacts are missing or damaged');

  const tally = (values: readonly string[]): string =>
    [...new Set(values)]
      .sort()
      .map((value) => `${value} ${values.filter((one) => one === value).length}`)
      .join(', ');
  return {
    problems,
    rows: [
      ['runs, by kind', tally(runs.map(({ kind }) => kind))],
      ['runs, by end', tally(runs.map(({ state }) => state))],
      ['failed runs, by code', failed.length === 0 ? 'none' : tally(failed.map(codeOf))],
      ['steps', steps.length],
      ['attempts, by outcome', tally(attempts.map(({ outcome }) => outcome ?? 'none'))],
      ['results, each under a key of its own', keys.size],
      ['artifacts referenced, read and compared', referenced.size],
    ],
  };
}
