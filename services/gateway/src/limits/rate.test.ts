import { expect, it } from 'vitest';
import { ANYBODY } from '../identity/principal.ts';
import { createRate } from './rate.ts';

const token = (id: string) => ({ id, kind: 'token' as const });

it('a principal may ask so much in a minute; another is not concerned', async () => {
  const rate = createRate(10);
  await rate(token('a'), 1);
  await rate(token('a'), 9);
  await rate(token('a'), 0);
  await expect(rate(token('a'), 1)).rejects.toMatchObject({ code: 'RATE_EXCEEDED', retryable: true });
  await rate(token('b'), 1);
});

it('who sits at the machine of an embedded server may ask whatever they like, as may all where nothing is set', async () => {
  const rate = createRate(1);
  for (let index = 0; index < 5; index++) await rate({ id: 'local', kind: 'local' }, 50);
  const open = createRate(0);
  for (let index = 0; index < 5; index++) await open(token('a'), 50);
});

it('where nobody is asked who they are, all have one rate', async () => {
  const rate = createRate(1);
  await rate(ANYBODY, 1);
  await expect(rate(ANYBODY, 1)).rejects.toMatchObject({ code: 'RATE_EXCEEDED' });
});
