import { expect, it } from 'vitest';
import { Listing } from './listing.ts';
import { resolveImages } from './resolve-image.ts';

it('resolves names of as many rows as images in time that grows with their number', () => {
  // Each basename lies in 3000 folders: to go through all of them for each name would be 10 ** 8 steps.
  const images = Array.from({ length: 60_000 }, (_, i) => `root/${Math.floor(i / 20)}/cam/${i % 20}.png`);
  const listing = new Listing('/data', images);
  const start = performance.now();
  for (const image of images) {
    expect(resolveImages(listing, [image.slice('root/'.length)], 'list.csv', 'train')[0]?.path === image).toBe(true);
  }
  expect(performance.now() - start).toBeLessThan(10_000);
  expect(resolveImages(listing, ['7.png', '12/cam/7'], 'list.csv')).toEqual([
    { path: '7.png', found: false },
    { path: 'root/12/cam/7.png', found: true },
  ]);
});
