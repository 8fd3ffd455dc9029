/** What goes into the network for chosen rows of a data set. */
export interface RowSource {
  /** Name of the network's input, and its dimensions without the batch. */
  readonly input: string;
  readonly dims: readonly number[];
  /**
   * Writes rows side by side into `out`. `copies`: which variant of each row, null for all as they are. Resolves with 1 for each row
   * that was mirrored. May be called for the next rows while others are in use.
   */
  fill(rows: Int32Array, copies: Uint8Array | null, out: Float32Array): Promise<Uint8Array>;
}

export function rowLength({ dims }: Pick<RowSource, 'dims'>): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
