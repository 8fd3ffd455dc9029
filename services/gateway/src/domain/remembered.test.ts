import { expect, it } from 'vitest';
import { Remembered } from './remembered.ts';

it('what was used last is kept, within so many bytes', () => {
  const remembered = new Remembered<object>(10_000);
  const value = { text: 'x'.repeat(1000) };
  for (let index = 0; index < 20; index++) {
    remembered.set(String(index), value);
    remembered.get('0');
  }
  const kept = Array.from({ length: 20 }, (_, index) => index).filter((index) => remembered.get(String(index)));
  expect(kept).toEqual([0, 17, 18, 19]);
  remembered.set('large', { text: 'x'.repeat(10_000) });
  expect(remembered.get('large')).toBeUndefined();
  expect(remembered.get('0')).toBe(value);
});
