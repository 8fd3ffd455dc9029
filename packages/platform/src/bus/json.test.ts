import { expect, test } from 'vitest';
import { encodeJson } from './json.ts';

test.each([
  [{ a: [1, -0.5, 'x', true, null], b: { c: {} } }],
  [Object.assign(Object.create(null) as object, { bare: 1 })],
  ['text'],
  [null],
])('%j survives the round trip', (value) => {
  expect(JSON.parse(encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
});

test('an absent member may be undefined, and a date becomes its text', () => {
  expect(encodeJson({ a: undefined, at: new Date(0) })).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
});

const circular: Record<string, unknown> = {};
circular['self'] = { again: circular };

test.each([
  [{ curve: [0.1, Number.NaN] }, '$.curve[1]'],
  [{ gap: Number.POSITIVE_INFINITY }, '$.gap'],
  [[undefined], '$[0]'],
  [{ f: () => 1 }, '$.f'],
  [{ n: 1n }, '$.n'],
  [{ x: new Float32Array(2) }, '$.x'],
  [new Map([[1, 2]]), '$'],
  [circular, '$.self.again'],
  [{ nested: { toJSON: () => ({ deep: Number.NaN }) } }, '$.nested.deep'],
])('what JSON would change without a word is refused at its path: case %#', (value, where) => {
  expect(() => encodeJson(value)).toThrow(expect.objectContaining({ code: 'JSON_INVALID', where }));
});

test('one object in two places is no circle', () => {
  const shared = { a: 1 };
  expect(encodeJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
});
