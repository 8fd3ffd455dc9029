import Table from 'cli-table3';

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export type Alignment = 'left' | 'right';

/** Columns without rules; numbers are set to the right by the caller's alignment. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly Alignment[] = [],
): string {
  const view = new Table({
    head: [...head],
    chars: BARE,
    colAligns: head.map((_, index) => align[index] ?? 'left'),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  view.push(...rows.map((row) => [...row]));
  return view.toString();
}
