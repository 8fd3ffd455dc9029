// Residual correlations Q = c - W G of many coefficient rows at once, over the union of their filters.

import { allocate, free, startAt } from './shared/memory';
import { subtractTile } from './shared/tile';

let padded: i32 = 0;
let stride: usize = 0;
let gram: usize = 0;
let correlation: usize = 0;
let panels: usize = 0;
let packed: usize = 0;
let result: usize = 0;
let list: usize = 0;

/** Lays out the memory from `base` for p filters and blocks of `rows` (a multiple of 4); returns the first free byte. */
export function layout(base: usize, p: i32, rows: i32): usize {
  padded = (p + 3) & ~3;
  stride = <usize>padded * 8;
  startAt(base);
  gram = allocate(<usize>padded * stride);
  correlation = allocate(stride);
  panels = allocate(<usize>rows * stride);
  packed = allocate(stride * 4);
  result = allocate(<usize>rows * stride);
  list = allocate(<usize>padded * 4);
  return free();
}

export function gramPointer(): usize { return gram; }
export function correlationPointer(): usize { return correlation; }
export function panelPointer(): usize { return panels; }
export function resultPointer(): usize { return result; }
export function listPointer(): usize { return list; }

/**
 * result (rows x columns, row stride of the columns rounded up to 4) := c - W G. W is rows x count in panels of four rows, its
 * columns and those of the result the filters of `list`.
 */
export function residuals(rows: i32, count: i32): void {
  const columns = (count + 3) & ~3;
  const wide = <usize>columns * 8;
  for (let j = 0; j < columns; j += 4) {
    const i0 = filterAt(j, count), i1 = filterAt(j + 1, count);
    const i2 = filterAt(j + 2, count), i3 = filterAt(j + 3, count);
    pack(i0, i1, i2, i3, count);
    const c0 = load<f64>(correlation + i0), c1 = load<f64>(correlation + i1);
    const c2 = load<f64>(correlation + i2), c3 = load<f64>(correlation + i3);
    for (let r = 0; r < rows; r += 4) {
      const out = result + <usize>r * wide + <usize>j * 8;
      for (let k: usize = 0; k < 4; k++) {
        store<f64>(out + k * wide, c0);
        store<f64>(out + k * wide, c1, 8);
        store<f64>(out + k * wide, c2, 16);
        store<f64>(out + k * wide, c3, 24);
      }
      subtractTile(panels + <usize>r * <usize>count * 8, packed, count, out, wide);
    }
  }
}

/** Byte offset of the column's filter within a row; a column beyond the list repeats the first and is not read by the caller. */
@inline
function filterAt(j: i32, count: i32): usize {
  return <usize>load<i32>(list + (<usize>(j < count ? j : 0) << 2)) * 8;
}

function pack(i0: usize, i1: usize, i2: usize, i3: usize, count: i32): void {
  let to = packed;
  for (let k = 0; k < count; k++) {
    const row = gram + <usize>load<i32>(list + (<usize>k << 2)) * stride;
    store<f64>(to, load<f64>(row + i0));
    store<f64>(to, load<f64>(row + i1), 8);
    store<f64>(to, load<f64>(row + i2), 16);
    store<f64>(to, load<f64>(row + i3), 24);
    to += 32;
  }
}
