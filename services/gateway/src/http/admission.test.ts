import { describe, expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

const refusalOf = (settings: object, headers: object): string | null => {
  try {
    createAdmission({ host: '127.0.0.1', origins: [], ...settings })({ host: 'localhost:4000', ...headers });
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const PUBLIC = { host: '0.0.0.0', publicUrl: 'https://kneepoint.example.org/kp' };

describe('a page', () => {
  it.each([
    ['of the gateway itself', {}, { origin: 'http://localhost:4000' }, null],
    ['of another port of this machine', {}, { origin: 'http://localhost:5173' }, 'ORIGIN_FORBIDDEN'],
    ['of another name of this machine', {}, { origin: 'http://127.0.0.1:4000' }, 'ORIGIN_FORBIDDEN'],
    ['of another site', {}, { origin: 'https://elsewhere.example' }, 'ORIGIN_FORBIDDEN'],
    [
      'whose name only begins alike',
      PUBLIC,
      { origin: 'https://kneepoint.example.org.evil.example' },
      'ORIGIN_FORBIDDEN',
    ],
    ['that hides its origin', {}, { origin: 'null' }, 'ORIGIN_FORBIDDEN'],
    ['with an origin that is none', {}, { origin: 'localhost:4000' }, 'ORIGIN_FORBIDDEN'],
    [
      'of an origin that is configured',
      { origins: ['http://localhost:5173'] },
      { origin: 'http://localhost:5173' },
      null,
    ],
    [
      'of the public address, behind a proxy that sends its own Host',
      PUBLIC,
      { origin: 'https://kneepoint.example.org' },
      null,
    ],
    [
      'served with TLS by a proxy that hands the Host on',
      { host: '::' },
      { origin: 'https://a.example', host: 'a.example' },
      null,
    ],
    ['on the default port', { host: '::' }, { origin: 'http://a.example', host: 'a.example:80' }, null],
    [
      'that fetches without naming its origin',
      {},
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      'ORIGIN_FORBIDDEN',
    ],
    [
      'of another port that does the same',
      {},
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
      'ORIGIN_FORBIDDEN',
    ],
    [
      'that shows the gateway in a frame',
      {},
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      'ORIGIN_FORBIDDEN',
    ],
    [
      'with a link that is followed',
      {},
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      null,
    ],
    ['that the person typed the address of', {}, { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, null],
    ['that is none: a program', {}, {}, null],
  ])('%s', (_what, settings, headers, code) => expect(refusalOf(settings, headers)).toBe(code));
});

describe('a gateway on loopback, asked as', () => {
  it.each([
    ['localhost', null],
    ['LOCALHOST:4000', null],
    ['127.0.0.1:4000', null],
    ['127.1.2.3', null],
    ['[::1]:4000', null],
    ['evil.example:4000', 'HOST_FORBIDDEN'],
    ['localhost.evil.example', 'HOST_FORBIDDEN'],
    ['127.0.0.1.evil.example', 'HOST_FORBIDDEN'],
    ['0.0.0.0:4000', 'HOST_FORBIDDEN'],
    ['evil.example@localhost', 'HOST_FORBIDDEN'],
    ['', 'HOST_FORBIDDEN'],
    [undefined, 'HOST_FORBIDDEN'],
  ])('%s', (host, code) => {
    for (const bound of ['127.0.0.1', 'localhost', '::1']) expect(refusalOf({ host: bound }, { host })).toBe(code);
  });

  it('its public address, which a proxy on the machine hands on', () => {
    const settings = { publicUrl: 'https://kneepoint.example.org' };
    expect(refusalOf(settings, { host: 'kneepoint.example.org' })).toBeNull();
    expect(refusalOf(settings, { host: 'other.example.org' })).toBe('HOST_FORBIDDEN');
  });
});

it('a gateway that others reach goes by any name: a load balancer asks for its address', () => {
  expect(refusalOf(PUBLIC, { host: '10.0.0.7:4000' })).toBeNull();
});
