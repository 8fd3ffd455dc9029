import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive } from '../../support/task-processes.ts';
import type { Fixture } from '../fixture.ts';
import type { Midway } from '../verdict.ts';
import type { ServiceName } from '../world.ts';

interface Moment extends Midway {
  readonly at: string;
  readonly service: ServiceName;
  /** How many attempts succeed, that of the step included. */
  readonly successes: number;
}

const MOMENTS: readonly Moment[] = [
  { at: 'extraction', service: 'extractor', kind: 'extract', work: 'analysis', successes: 1 },
  { at: 'the path', service: 'regressor', kind: 'regress', work: 'analysis', successes: 2 },
  { at: 'surgery', service: 'pruner', kind: 'prune', work: 'prune', successes: 1 },
  {
    at: 'mid-epoch',
    service: 'trainer',
    kind: 'finetune',
    work: 'compression',
    anew: ['finetune', 'report'],
    moving: true,
    successes: 2,
  },
];

export function kills({ world, trial }: Fixture): void {
  it.each(MOMENTS)(
    'a worker killed in $at is replaced, and its child processes and files go with it',
    async ({ service, successes, ...midway }) => {
      const { run, tasks, release } = await trial().midway(midway);
      await world().process(service).stop('SIGKILL');
      // Whose parent is gone sees that by itself, unless it is stopped.
      release();
      await world().start(service);
      await trial().afterRecovery(run);
      const attempts = await world().db.prisma.attempt.findMany({ where: { step: { runId: run } } });
      const outcomes = attempts.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'SUCCEEDED')).toHaveLength(successes);
      expect(outcomes).toContain('LOST');
      expect(tasks.filter(isAlive)).toEqual([]);
      expect(readdirSync(join(world().dataDir(service), 'work'))).toEqual([]);
    },
  );

  it.each([
    { service: 'pruner', kind: 'prune', work: 'prune' },
    { service: 'trainer', kind: 'finetune', work: 'compression', anew: ['finetune', 'report'], moving: true },
  ] as const)(
    'SIGTERM in the middle of $kind: it hands the step back, ends with 0, and the step goes on elsewhere',
    async ({ service, ...midway }) => {
      const { kind } = midway;
      const { run, release } = await trial().midway(midway);
      const ending = world().process(service).stop('SIGTERM');
      await world()
        .process(service)
        .says(/stopping/);
      release();
      expect((await ending).code).toBe(0);
      const step = await world().db.prisma.step.findFirstOrThrow({ where: { runId: run, kind } });
      expect(step).toMatchObject({ state: 'QUEUED', attempt: 2, handedBack: 1, token: null });
      await world().start(service);
      const others = kind === 'finetune' ? ['SUCCEEDED'] : [];
      await trial().afterRecovery(run, { outcomes: ['HANDED_BACK', 'SUCCEEDED', ...others] });
    },
  );
}
