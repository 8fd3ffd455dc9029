import { afterAll, beforeAll, describe } from 'vitest';
import { checkpointing } from './contract/checkpointing.ts';
import { dispatching } from './contract/dispatching.ts';
import { launching } from './contract/launching.ts';
import { reconciling } from './contract/reconciling.ts';
import { stopping } from './contract/stopping.ts';
import { tenancy } from './contract/tenancy.ts';
import { working } from './contract/working.ts';
import { ENGINES, World } from './contract/world.ts';

describe.each(ENGINES)('on $engine', ({ start }) => {
  const world = new World();
  beforeAll(() => world.open(start));
  afterAll(() => world.close());

  describe('launching a run', () => launching(world));
  describe('a dispatcher', () => dispatching(world));
  describe('a worker', () => working(world));
  describe('a checkpoint', () => checkpointing(world));
  describe('a worker for several projects', () => tenancy(world));
  describe('stopping', () => stopping(world));
  describe('two reconcilers', () => reconciling(world));
});
