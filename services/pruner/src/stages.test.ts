import { expect, it } from 'vitest';
import { namedImages } from './stages.ts';

it('images whose answers are kept are named once, whichever tasks are judged on them', () => {
  const tasks = [[4, 2], [2, 6], undefined].map((rows) => (rows ? { answers: { rows } } : {}));
  const images = [...'abcdefg'];
  expect(namedImages({ tasks } as never, { images })).toEqual({ rows: [4, 2, 6], names: ['e', 'c', 'g'] });
});
