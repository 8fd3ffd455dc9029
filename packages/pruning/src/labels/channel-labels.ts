/** Why a channel cannot be removed: the node that stands in the way. */
export interface FreezeReason {
  /** Name of the node (or graph input or output). */
  readonly node: string;
  /** Operator type, or `graph input` / `graph output`. */
  readonly op: string;
  /** A clause that completes "cannot prune conv7: it …". */
  readonly text: string;
}

/**
 * Every channel of every value is one element here; channels that must live or die together share a class (union-find with
 * path halving and union by size). A frozen class can never be removed, and remembers the first reason.
 */
export class ChannelLabels {
  private parent = new Int32Array(1024);
  private size = new Int32Array(1024);
  private readonly frozen = new Map<number, FreezeReason>();
  private used = 0;

  /** Number of labels handed out; labels are 0 … count − 1. */
  get count(): number {
    return this.used;
  }

  /** New labels, each in a class of its own. */
  fresh(count: number): Int32Array {
    const first = this.used;
    this.grow(first + count);
    this.used += count;
    const labels = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      labels[i] = first + i;
      this.parent[first + i] = first + i;
      this.size[first + i] = 1;
    }
    return labels;
  }

  /** The representative of a label's class. */
  find(label: number): number {
    const { parent } = this;
    let at = label;
    for (let up = parent[at]!; up !== at; up = parent[at]!) {
      const above = parent[up]!;
      parent[at] = above;
      at = above;
    }
    return at;
  }

  /** Ties two labels together. A frozen class does not swallow the other one, it only freezes it, so that reasons stay apart. */
  union(a: number, b: number): void {
    let first = this.find(a);
    let second = this.find(b);
    if (first === second) return;
    const reason = this.frozen.get(first) ?? this.frozen.get(second);
    if (reason) {
      this.freeze(first, reason);
      this.freeze(second, reason);
      return;
    }
    if (this.size[first]! < this.size[second]!) [first, second] = [second, first];
    this.parent[second] = first;
    this.size[first]! += this.size[second]!;
  }

  /** Marks the class of a label as one that stays. The first reason wins. */
  freeze(label: number, reason: FreezeReason): void {
    const root = this.find(label);
    if (!this.frozen.has(root)) this.frozen.set(root, reason);
  }

  /** Why the class of a label stays; undefined when it may go. */
  reason(label: number): FreezeReason | undefined {
    return this.frozen.get(this.find(label));
  }

  private grow(needed: number): void {
    if (needed <= this.parent.length) return;
    const capacity = Math.max(needed, this.parent.length * 2);
    const [parent, size] = [new Int32Array(capacity), new Int32Array(capacity)];
    parent.set(this.parent);
    size.set(this.size);
    this.parent = parent;
    this.size = size;
  }
}
