import { Failure } from '@kneepoint/failures';
import { quote } from '../quote.ts';
import type { Layout, Recognition } from './layout.ts';
import type { Listing } from './listing.ts';
import { LAYOUTS } from './registry.ts';

/** How sure the surest layout is of a folder, or the one of that name; undefined where none recognises it. */
export async function surest(
  listing: Listing,
  format: string | undefined,
  request: Recognition = {},
): Promise<number | undefined> {
  const asked = format === undefined ? LAYOUTS : LAYOUTS.filter(({ name }) => name === format);
  const all = await Promise.all(asked.map((layout) => layout.recognises(listing, request)));
  const sure = all.filter((own) => own !== undefined);
  return sure.length === 0 ? undefined : Math.max(...sure);
}

/**
 * The layout that is asked for, or the one that recognises the folder most surely.
 * @throws DATASET_FORMAT_UNKNOWN, DATASET_FORMAT_AMBIGUOUS, DATASET_MANIFEST_MISSING
 */
export async function chooseLayout(
  listing: Listing,
  format: string | undefined,
  request: Recognition = {},
): Promise<Layout> {
  const names = LAYOUTS.map(({ name }) => name).join(', ');
  if (format !== undefined) {
    const asked = LAYOUTS.find(({ name }) => name === format);
    if (asked !== undefined) return asked;
    throw new Failure('DATASET_FORMAT_UNKNOWN', `there is no format ${quote(format)}`, {
      where: 'format',
      fix: `one of ${names}`,
    });
  }
  const all = await Promise.all(
    LAYOUTS.map(async (layout) => ({ layout, sure: await layout.recognises(listing, request) })),
  );
  const sureness = (candidate: (typeof all)[number]): number => candidate.sure ?? 0;
  const [first, second] = all.filter(({ sure }) => sure !== undefined).sort((a, b) => sureness(b) - sureness(a));
  if (first === undefined) {
    const message =
      listing.images.length === 0
        ? 'there is neither an image nor a file of labels that Kneepoint recognises'
        : `there are ${listing.images.length} images, but nothing says what they show`;
    const { links } = listing;
    const linked =
      links.length === 0 ? '' : ` (links to folders are not followed: ${links.map(quote).join(', ').slice(0, 200)})`;
    throw new Failure('DATASET_MANIFEST_MISSING', message + linked, {
      where: listing.root,
      fix: 'sort the images into one folder per class, or add labels.csv with an "image" column and one column per label',
    });
  }
  if (second !== undefined && sureness(first) === sureness(second)) {
    const both = `${first.layout.name} and ${second.layout.name}`;
    throw new Failure('DATASET_FORMAT_AMBIGUOUS', `the folder is as much of format ${both}`, {
      where: listing.root,
      fix: `say which by --format ${first.layout.name} or --format ${second.layout.name}`,
    });
  }
  return first.layout;
}
