import { expect, it } from 'vitest';
import { epsilonsBetween } from './frontier.ts';

it('a range of ε stays within what was asked for, and has each ε once', () => {
  expect(epsilonsBetween(0.001, 0.1, 3)).toEqual([0.001, 0.01, 0.1]);
  expect(epsilonsBetween(0.5, 0.9996, 4).at(-1)).toBe(0.9996);
  expect(epsilonsBetween(0.0123456, 0.1, 5)[0]).toBe(0.0123456);
  const narrow = epsilonsBetween(0.1, 0.1001, 200);
  expect(narrow).toEqual([0.1, 0.1001]);
  const many = epsilonsBetween(0.001, 0.5, 100);
  expect(many).toHaveLength(100);
  expect(many.every((epsilon, i) => i === 0 || epsilon > many[i - 1]!)).toBe(true);
});
