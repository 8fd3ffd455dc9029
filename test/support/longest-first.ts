import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The files that take longest, longest first. Vitest knows this only once it has run them, and begins with the largest files otherwise: one
 * of these would be left for the end, where one core works on it and the other waits.
 */
const LONGEST: readonly string[] = [
  'test/reproduce.test.ts',
  'test/team.test.ts',
  'test/faults/gateways.test.ts',
  'test/keep.test.ts',
  'test/zoo/large.test.ts',
  'test/side-by-side.test.ts',
  'test/interrupt.test.ts',
  'test/readme.test.ts',
  'test/faults/workers.test.ts',
  'test/faults/servers.test.ts',
  'test/cli.test.ts',
  'test/plans.test.ts',
  'test/zoo/small.test.ts',
  'test/serving/pipelines.test.ts',
  'test/training.test.ts',
  'services/trainer/src/tasks/finetune.task.test.ts',
  'test/clients/clients.test.ts',
  'services/trainer/src/trainer.test.ts',
  'test/shards.test.ts',
  'test/declared.test.ts',
  'test/rejects/rejects.test.ts',
];

/** Begins with what takes longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    // Stable: the others stay as Vitest has them.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
