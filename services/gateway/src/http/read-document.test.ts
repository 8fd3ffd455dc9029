import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { documentStore } from './read-document.ts';

it('documents are remembered up to so many characters in all, and none that is very long', async () => {
  const store = documentStore();
  const text = (name: string, length: number): string => `query ${name} { a${'b'.repeat(length)} }`;
  await store.set('long', parse(text('long', 20_000)));
  expect(await store.get('long')).toBeUndefined();
  for (let index = 0; index < 50; index++) await store.set(`q${index}`, parse(text(`q${index}`, 8000)));
  const known = await Promise.all(Array.from({ length: 50 }, (_, index) => store.get(`q${index}`)));
  expect(known.filter((document) => document !== undefined)).toHaveLength(24);
  expect(known.at(-1)).toBeDefined();
});
