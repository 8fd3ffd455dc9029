/** Height and width of a map. */
export type MapSize = readonly [height: number, width: number];

/** How many averages along each axis a grid has. */
export const GRID_SIDE = 2;

/** How many averages of each channel a grid gives. */
export const GRID_CELLS = GRID_SIDE * GRID_SIDE;

/**
 * The AveragePool, without padding, that gives a map's averages on a 2 × 2 grid; undefined for a map that is narrower than two positions.
 * Cell i of an axis of n positions covers [⌊i·n/2⌋, ⌈(i + 1)·n/2⌉), as adaptive average pooling has it: all cells are ⌈n/2⌉ long and start
 * ⌊n/2⌋ apart, so those of an odd axis share its middle, and one operator gives them exactly.
 */
export function averageGrid(
  size: MapSize,
): { readonly kernel: readonly number[]; readonly strides: readonly number[] } | undefined {
  if (size.some((length) => length < GRID_SIDE)) return undefined;
  return {
    kernel: size.map((length) => Math.ceil(length / GRID_SIDE)),
    strides: size.map((length) => Math.floor(length / GRID_SIDE)),
  };
}
