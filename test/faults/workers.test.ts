import { describe } from 'vitest';
import { available } from '../support/available.ts';
import { kills } from './cases/kills.ts';
import { fencing } from './cases/fencing.ts';
import { openFixture } from './fixture.ts';

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('faults of processes', () => {
  const fixture = openFixture('workers');
  kills(fixture);
  fencing(fixture);
});
