import { describe, expect, it } from 'vitest';
import type { Reproduction } from '../results.ts';
import { madeResults } from '../testing/made-results.ts';
import { makeReproduction } from './make-reproduction.ts';

const made = madeResults();
const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('results that somebody sent', () => {
  it('give claims, figures and a page that names each figure', () => {
    const { results, claims, figures, page } = makeReproduction(bytesOf(made));
    expect(results).toEqual(JSON.parse(JSON.stringify(made)));
    expect(claims.map(({ verdict }) => verdict)).toContain('holds');
    for (const { name } of figures) expect(page).toContain(`figures/${name}.svg`);
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', [], /expected object/],
    ['of another version', { ...made, version: '2' }, /^1 problem: version: /],
    ['without networks', { ...made, networks: [] }, /networks: /],
    [
      'with a time of nothing',
      { ...made, timing: { ...made.timing, lastLayerSeconds: 0 } },
      /timing\.lastLayerSeconds/,
    ],
    ['with a number that no figure shows', { ...made, images: 1e300 }, /images: /],
    ['with a filter that is none', keeping([16]), /a filter is kept that is none of the 16/],
    ['with means of other filters', meaning([1]), /bins have means of other filters/],
    ['with curves of another network', { ...made, curves: [{ ...made.curves[0], network: 'x' }] }, /"x" is none/],
    ['with two networks of a name', { ...made, networks: [...made.networks, made.networks[0]] }, /the same name/],
  ])('are refused %s', (_, results, words) => {
    expect(() => makeReproduction(bytesOf(results), 'here')).toThrow(
      expect.objectContaining({
        code: 'REPRODUCTION_INVALID',
        where: 'here',
        message: expect.stringMatching(words) as string,
      }),
    );
  });

  it.each([
    ['not JSON', Buffer.from('{')],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('are refused when they are %s', (_, bytes) => {
    expect(() => makeReproduction(bytes)).toThrow(expect.objectContaining({ code: 'REPRODUCTION_INVALID' }));
  });
});

function keeping(kept: readonly number[]): Reproduction {
  return { ...made, distribution: { ...made.distribution, tasks: [{ task: 'yaw', kept }] } };
}

function meaning(mean: readonly number[]): Reproduction {
  return { ...made, responses: { ...made.responses!, bins: [{ name: '0 to 1', rows: 1, mean }] } };
}
