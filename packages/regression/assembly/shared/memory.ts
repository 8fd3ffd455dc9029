// Memory is laid out by hand, front to back: nothing is ever freed, a new problem starts again at the base.

let cursor: usize = 0;

export function startAt(base: usize): void {
  cursor = (base + 63) & ~63;
}

/** The next `bytes`, on a cache line. */
export function allocate(bytes: usize): usize {
  const start = cursor;
  cursor += (bytes + 63) & ~63;
  return start;
}

/** The first byte that is not taken. */
export function free(): usize {
  return cursor;
}
