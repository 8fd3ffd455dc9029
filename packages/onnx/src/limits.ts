/** What a model may hold and still be read. Every figure is a maximum. */
export interface ModelLimits {
  /** Bytes of the file. */
  readonly bytes: number;
  /** Nodes, over the graph, its subgraphs and functions. */
  readonly nodes: number;
  /** Stored tensors, over all graphs and attributes. */
  readonly tensors: number;
  /** Fields of any kind; each costs an object or a list entry when decoded. */
  readonly fields: number;
  /** Numbers that are stored one by one rather than as raw bytes; they take several times their size in memory. */
  readonly numbers: number;
  /** Elements of one tensor, whatever its dimensions claim. */
  readonly elements: number;
  /** Dimensions of one tensor. */
  readonly rank: number;
  /** Levels of graphs inside graphs. */
  readonly graphDepth: number;
  /** Levels of messages inside messages. */
  readonly messageDepth: number;
}

export const DEFAULT_LIMITS: ModelLimits = {
  bytes: 2 ** 31 - 1,
  nodes: 100_000,
  tensors: 200_000,
  fields: 8_000_000,
  numbers: 160_000_000,
  elements: 1e12,
  rank: 64,
  graphDepth: 8,
  messageDepth: 64,
};
