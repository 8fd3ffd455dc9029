import { share } from './number.ts';
import { table } from './table.ts';

interface Timed {
  readonly name: string;
  /** In graph order; ms for one batch. */
  readonly layers: readonly { readonly name: string; readonly share: number; readonly ms: number }[];
}

/** Rows of the table: what else there is takes hardly any time in most networks. */
const MOST_LAYERS = 10;

/**
 * The layers that take longest in any of the networks, what they take in the first with its share, and beside it what they take in the
 * others; a layer that one of them does not have has none there. Nothing where no network was looked into, as on a GPU.
 */
export function renderLayerTimes(networks: readonly Timed[]): readonly string[] {
  const timed = networks.filter(({ layers }) => layers.length > 0);
  const [first] = timed;
  if (first === undefined) return [];
  const times = timed.map(({ layers }) => new Map(layers.map(({ name, ms }) => [name, ms])));
  const shares = new Map(first.layers.map((layer) => [layer.name, layer.share]));
  const names = [...new Set(timed.flatMap(({ layers }) => layers.map(({ name }) => name)))];
  const longest = (name: string): number => Math.max(...times.map((of) => of.get(name) ?? 0));
  const slowest = names.toSorted((a, b) => longest(b) - longest(a)).slice(0, MOST_LAYERS);
  const rows = slowest.map((name) => [
    name,
    shares.has(name) ? share(shares.get(name)!) : '',
    ...times.map((of) => of.get(name)?.toFixed(2) ?? ''),
  ]);
  const others = names.length - slowest.length;
  return [
    `\nslowest layers, each with all that follows it until the next one${others > 0 ? `; ${others} more take less` : ''}`,
    table(['layer', `of ${first.name}`, ...timed.map(({ name }) => `${name}, ms`)], rows, [
      'left',
      ...rows[0]!.slice(1).map(() => 'right' as const),
    ]),
  ];
}
