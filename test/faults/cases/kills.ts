import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Fixture } from '../fixture.ts';
import type { Work } from '../verdict.ts';
import type { ServiceName } from '../world.ts';

interface Moment {
  readonly at: string;
  readonly service: ServiceName;
  readonly kind: string;
  readonly work: Work;
  /** What is forgotten beforehand, so that the work is done anew. */
  readonly anew: readonly string[];
  /** Some way into the step rather than at its start. */
  readonly moving?: boolean;
  /** How many attempts succeed, that of the step included. */
  readonly successes: number;
}

const MOMENTS: readonly Moment[] = [
  { at: 'extraction', service: 'extractor', kind: 'extract', work: 'analysis', anew: ['extract'], successes: 1 },
  { at: 'the path', service: 'regressor', kind: 'regress', work: 'analysis', anew: ['regress'], successes: 2 },
  { at: 'surgery', service: 'pruner', kind: 'prune', work: 'prune', anew: ['prune'], successes: 1 },
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
    async ({ service, kind, work, anew, moving = false, successes }) => {
      await trial().forget(...anew);
      const run = await trial().launch(work);
      await world().running(run, kind, { moving });
      const children = childrenOf(world().process(service).child.pid!);
      await world().replace(service);
      await trial().afterRecovery(run);
      const attempts = await world().db.prisma.attempt.findMany({ where: { step: { runId: run } } });
      const outcomes = attempts.map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome === 'SUCCEEDED')).toHaveLength(successes);
      expect(outcomes).toContain('LOST');
      expect(children.filter(isAlive)).toEqual([]);
      expect(readdirSync(join(world().dataDir(service), 'work'))).toEqual([]);
    },
  );

  it.each([
    { service: 'pruner', kind: 'prune', work: 'prune', anew: ['prune'], moving: false },
    { service: 'trainer', kind: 'finetune', work: 'compression', anew: ['finetune', 'report'], moving: true },
  ] as const)(
    'SIGTERM in the middle of $kind: it hands the step back, ends with 0, and the step goes on elsewhere',
    async ({ service, kind, work, anew, moving }) => {
      await trial().forget(...anew);
      const run = await trial().launch(work);
      await world().running(run, kind, { moving });
      const { code } = await world().process(service).stop('SIGTERM');
      expect(code).toBe(0);
      const step = await world().db.prisma.step.findFirstOrThrow({ where: { runId: run, kind } });
      expect(step).toMatchObject({ state: 'QUEUED', attempt: 2, handedBack: 1, token: null });
      await world().start(service);
      const others = kind === 'finetune' ? ['SUCCEEDED'] : [];
      await trial().afterRecovery(run, { outcomes: ['HANDED_BACK', 'SUCCEEDED', ...others] });
    },
  );
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

function parentOf(pid: number): number | undefined {
  const parent = /^PPid:\s+(\d+)$/m.exec(statusOf(pid))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** One that has ended and that nobody has asked about yet counts as gone. */
function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(statusOf(pid));
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
