import { openDatabase, summarizeProgress, type Database } from '@kneepoint/platform';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readProgress } from './progress.ts';

let db: Database;
beforeAll(async () => (db = await openDatabase('pglite://:memory:')));
afterAll(() => db.close());

const count = fc.integer({ min: 0, max: 50 });
const step = fc.record({
  name: fc.constantFrom('one', 'two', 'three'),
  kind: fc.constantFrom('extract', 'finetune'),
  state: fc.constantFrom('WAITING', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED'),
  done: count,
  total: fc.option(count),
  unit: fc.option(fc.constantFrom('images', 'batches')),
  ratePerSecond: fc.option(fc.integer({ min: 0, max: 9 })),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  message: fc.option(fc.constantFrom('reading', 'epoch 2')),
});

it('is for many runs at once what it is when the steps of each are added up one by one', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 7 }), { minLength: 1, maxLength: 8 }), async (runs) => {
      const ids = runs.map(() => `run-${(made += 1)}`);
      await db.prisma.run.createMany({ data: ids.map((id) => ({ id, kind: 'ANALYSIS', input: {} })) });
      await db.prisma.step.createMany({
        data: runs.flatMap((steps, index) =>
          steps.map((each, position) => ({
            ...each,
            ...{ runId: ids[index]!, position, service: 'any', key: `${ids[index]} ${position}`, input: {} },
          })),
        ),
      });
      const found = new Map((await readProgress(db, ids)).map(({ id, ...progress }) => [id, progress]));
      for (const [index, steps] of runs.entries()) {
        const { step: current, done, total, fraction, ...expected } = summarizeProgress(steps);
        const progress = found.get(ids[index]!)!;
        expect(progress).toMatchObject({
          ...expected,
          current,
          stepsDone: steps.filter(({ state }) => state === 'SUCCEEDED').length,
          stepsTotal: steps.length,
          done: current === null ? null : Math.round(done),
          total: total === null ? null : Math.round(total),
          etaSeconds: expected.etaSeconds === null ? null : (expect.closeTo(expected.etaSeconds, 6) as number),
        });
        expect(progress.fraction).toBeCloseTo(fraction, 12);
      }
    }),
    { numRuns: 25 },
  );
});
