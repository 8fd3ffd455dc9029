/** Height and width of a map. */
export type MapSize = readonly [height: number, width: number];

/** How many averages along each axis a grid has. */
export const GRID_SIDE = 2;

/** How many averages of each channel a grid gives. */
export const GRID_CELLS = GRID_SIDE * GRID_SIDE;

/** Names of the nodes by which a head averages on a grid, in their order. */
export const GRID_NODES: readonly string[] = ['kneepoint_coarse', 'kneepoint_pooled'];

/** An AveragePool without padding, along height and width. */
export interface AverageStage {
  readonly kernel: MapSize;
  readonly strides: MapSize;
  /** What it leaves of the map. */
  readonly size: MapSize;
}

/** Windows of a first stage are no longer than this, and the runtime is slow where those of the last are much longer. */
const LONGEST_FIRST = 8;

/**
 * The AveragePools, one behind the other, that give a map's averages on a 2 × 2 grid; undefined for a map that is narrower than two positions.
 * Cell i of an axis of n positions covers [⌊i·n/2⌋, ⌈(i + 1)·n/2⌉), as adaptive average pooling has it: all cells are ⌈n/2⌉ long and start
 * ⌊n/2⌋ apart, so those of an odd axis share its middle, and one operator gives them exactly. ONNX Runtime takes ten times as long for few
 * large windows as for many small ones: halves of a large even axis are averaged in equal pieces first.
 */
export function averageGrid(size: MapSize): readonly AverageStage[] | undefined {
  if (size.some((length) => length < GRID_SIDE)) return undefined;
  const pieces = both(size, firstWindow);
  const coarse = both(size, (length, axis) => length / pieces[axis]!);
  const first = { kernel: pieces, strides: pieces, size: coarse };
  const last = {
    kernel: both(coarse, (length) => Math.ceil(length / GRID_SIDE)),
    strides: both(coarse, (length) => Math.floor(length / GRID_SIDE)),
    size: [GRID_SIDE, GRID_SIDE] as const,
  };
  return pieces.some((length) => length > 1) ? [first, last] : [last];
}

/** The longest equal pieces of half an axis; 1 where the axis is odd or short. */
function firstWindow(length: number): number {
  const half = length / GRID_SIDE;
  if (half <= LONGEST_FIRST) return 1;
  for (let piece = LONGEST_FIRST; piece > 1; piece--) if (half % piece === 0) return piece;
  return 1;
}

function both([height, width]: MapSize, of: (length: number, axis: number) => number): MapSize {
  return [of(height, 0), of(width, 1)];
}
