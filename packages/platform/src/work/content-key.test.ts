import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKey } from './content-key.ts';

describe('a content key', () => {
  it('is the sha256 of the canonical text', () => {
    const text = '["extract",2,{"a":[1,{"x":null,"y":"é"}],"b":0.1}]';
    const key = createHash('sha256').update(text).digest('hex');
    expect(contentKey('extract', 2, { b: 0.1, a: [1, { y: 'é', x: null }], c: undefined })).toBe(key);
  });

  it('does not depend on the order of members, nor on a trip through JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (parts) => {
        const reversed = Object.fromEntries(Object.entries(parts).reverse());
        const key = contentKey('k', 1, parts);
        expect(contentKey('k', 1, reversed)).toBe(key);
        expect(contentKey('k', 1, JSON.parse(JSON.stringify(parts)))).toBe(key);
      }),
    );
  });

  it('differs when kind, version, a value or the order of a list differs', () => {
    const keys = [
      contentKey('a', 1, { list: [1, 2] }),
      contentKey('b', 1, { list: [1, 2] }),
      contentKey('a', 2, { list: [1, 2] }),
      contentKey('a', 1, { list: [2, 1] }),
      contentKey('a', 1, { list: ['1', 2] }),
      contentKey('a', 1, { list: [1, 2], more: null }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('refuses what JSON cannot carry', () => {
    expect(() => contentKey('a', 1, { at: [Number.NaN] })).toThrowError(
      expect.objectContaining({ code: 'JSON_INVALID', where: '$.at[0]' }) as Error,
    );
  });
});
