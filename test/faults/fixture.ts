import { afterAll, beforeAll } from 'vitest';
import { Trial } from './verdict.ts';
import { FaultWorld } from './world.ts';

/** What the cases of one file share; there once the hooks have run. */
export interface Fixture {
  readonly world: () => FaultWorld;
  readonly trial: () => Trial;
}

/** One world for a file, with the reference run that its cases are compared with. */
export function openFixture(name: string): Fixture {
  let world: FaultWorld | undefined;
  let trial: Trial | undefined;
  beforeAll(async () => {
    world = await FaultWorld.open(name);
    trial = await Trial.open(world);
  });
  afterAll(() => world?.close());
  return { world: () => world!, trial: () => trial! };
}
