import { describe } from 'vitest';
import { available } from '../support/available.ts';
import { cancels } from './cases/cancels.ts';
import { clockSkew, gatewayFaults } from './cases/gateways.ts';
import { openFixture } from './fixture.ts';

describe.skipIf(!available('nats-server', 'postgres', 'minio'))('faults around the gateway', () => {
  const fixture = openFixture('gateways');
  gatewayFaults(fixture);
  cancels(fixture);
  clockSkew(fixture);
});
