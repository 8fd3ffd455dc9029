import { describe, expect, test } from 'vitest';
import { signPath, verifySignature } from './signed-url.ts';

const KEY = 'a signing key';
const request = {
  method: 'GET' as const,
  path: '/artifacts/abc',
  parameters: { filename: 'a & b=ü.onnx' },
  expires: 2_000,
};
const address = signPath(request, KEY);
const NOW = 1_999_000;
const invalid = expect.objectContaining({ code: 'URL_SIGNATURE_INVALID' }) as unknown;

describe('verifySignature', () => {
  test('gives back what was signed', () => {
    expect(verifySignature('GET', address, KEY, NOW)).toEqual({ path: request.path, parameters: request.parameters });
  });

  test('holds when a proxy reorders the query', () => {
    const [path, query = ''] = address.split('?');
    const reordered = `${path}?${query.split('&').reverse().join('&')}`;
    expect(verifySignature('GET', reordered, KEY, NOW).parameters).toEqual(request.parameters);
  });

  test.each([
    ['another method', 'PUT', address, KEY],
    ['another path', 'GET', address.replace('abc', 'abd'), KEY],
    ['another parameter', 'GET', address.replace('onnx', 'exe'), KEY],
    ['an added parameter', 'GET', `${address}&x=1`, KEY],
    ['a later expiry', 'GET', address.replace('expires=2000', 'expires=3000'), KEY],
    ['another key', 'GET', address, 'another key'],
    ['no signature', 'GET', address.replace(/&signature=.*/, ''), KEY],
    ['a signature cut short', 'GET', address.slice(0, -2), KEY],
  ])('refuses %s', (_title, method, given, key) => {
    expect(() => verifySignature(method, given, key, NOW)).toThrow(invalid);
  });

  test('refuses what has expired, at the second it does', () => {
    expect(() => verifySignature('GET', address, KEY, 2_000_000)).toThrow(
      expect.objectContaining({ code: 'URL_EXPIRED' }),
    );
  });
});
