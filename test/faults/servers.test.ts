import { describe } from 'vitest';
import { available } from '../support/available.ts';
import { databaseFaults, natsFaults, storageFaults } from './cases/servers.ts';
import { fullDisk } from './cases/full-disk.ts';
import { openFixture } from './fixture.ts';

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('faults of servers', () => {
  const fixture = openFixture('servers');
  natsFaults(fixture);
  databaseFaults(fixture);
  storageFaults(fixture);
  fullDisk(fixture);
});
