import { allocate } from '../shared/memory';
import { subtractTile } from '../shared/tile';
import { filter, gram, gramRow, lanes, padded, product, row, wide } from './state';

// Slots: filters with weight in the order in which they came to have some. By slot, the rows of G are packed for products with
// four columns at a time, and so are the rows of a direction with four targets at a time, which all streams through the cache.

/** The filter of each slot, the slot of each filter or -1, and how many there are. */
export let slotFilter: usize = 0;
export let slotOf: usize = 0;
export let slotCount: i32 = 0;
/** Rows of T targets by slot, four targets at a time: bytes from one four to the next. */
export let pitch: usize = 0;
let columns: usize = 0;
let columnPitch: usize = 0;

export function layoutSlots(): void {
  slotFilter = allocate(<usize>padded * 4);
  slotOf = allocate(<usize>padded * 4);
  pitch = <usize>padded * 32 + 64;
  columnPitch = <usize>padded * 32 + 64;
  columns = allocate(<usize>(padded >> 2) * columnPitch);
}

/** Takes memory for rows by slot. */
export function allocateBySlot(): usize {
  return allocate(<usize>(lanes >> 2) * pitch);
}

export function clearSlots(): void {
  slotCount = 0;
  memory.fill(slotOf, 255, <usize>padded * 4);
}

/** Gives a filter the next slot. */
export function addSlot(j: i32): void {
  store<i32>(slotFilter + (<usize>slotCount << 2), j);
  store<i32>(slotOf + (<usize>j << 2), slotCount);
  let from = gram + <usize>j * gramRow;
  let to = columns + <usize>slotCount * 32;
  for (let i = 0; i < padded; i += 4) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += 32;
    to += columnPitch;
  }
  slotCount++;
}

@inline
export function hasSlot(j: i32): bool {
  return filter(slotOf, j) >= 0;
}

/** product (p x T) := -G d, for d by slot. */
export function productOf(d: usize): void {
  memory.fill(product, 0, <usize>padded * wide);
  let g = columns;
  for (let i = 0; i < padded; i += 4) {
    let from = d;
    for (let o: usize = 0; o < wide; o += 32) {
      subtractTile(g, from, slotCount, row(product, i) + o, wide);
      from += pitch;
    }
    g += columnPitch;
  }
}
