import type { Draw } from './draw.ts';

type Mutator = (bytes: Buffer, draw: Draw) => Buffer;

/** Half of the places lie in the first kilobyte: that is where headers are, and all that is announced. */
function place(bytes: Buffer, draw: Draw): number {
  return draw.below(Math.max(1, draw.chance(0.5) ? Math.min(bytes.length, 1024) : bytes.length));
}

const EDGES = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

const MUTATORS: readonly Mutator[] = [
  function flipBits(bytes, draw) {
    const out = Buffer.from(bytes);
    for (let i = 1 + draw.below(16); i > 0 && out.length > 0; i -= 1) {
      const at = place(out, draw);
      out[at] = out[at]! ^ (1 << draw.below(8));
    }
    return out;
  },
  function cutOff(bytes, draw) {
    return Buffer.from(bytes.subarray(0, place(bytes, draw)));
  },
  function leaveOut(bytes, draw) {
    const from = place(bytes, draw);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + draw.below(64))]);
  },
  function repeat(bytes, draw) {
    const from = place(bytes, draw);
    const to = from + 1 + draw.below(256);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function insert(bytes, draw) {
    const at = place(bytes, draw);
    const noise = Buffer.from(Array.from({ length: 1 + draw.below(32) }, () => draw.below(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  function overwriteByEdges(bytes, draw) {
    const at = place(bytes, draw);
    return Buffer.from(bytes).fill(draw.one(EDGES), at, Math.min(bytes.length, at + 1 + draw.below(16)));
  },
  function lieInANumber(bytes, draw) {
    const out = Buffer.from(bytes);
    if (out.length < 4) return out;
    const at = Math.min(place(out, draw), out.length - 4);
    const value = draw.one([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 65_535, 65_536, draw.below(2 ** 24)]);
    const wide = draw.chance(0.5);
    if (draw.chance(0.5)) {
      if (wide) out.writeUInt32LE(value, at);
      else out.writeUInt16LE(value % 65_536, at);
    } else if (wide) out.writeUInt32BE(value, at);
    else out.writeUInt16BE(value % 65_536, at);
    return out;
  },
  function swapParts(bytes, draw) {
    const [a, b] = [place(bytes, draw), place(bytes, draw)].sort((x, y) => x - y) as [number, number];
    return Buffer.concat([bytes.subarray(b), bytes.subarray(a, b), bytes.subarray(0, a)]);
  },
];

/** The bytes with one to three things wrong, whatever they are of. */
export function mutateBytes(bytes: Buffer, draw: Draw): Buffer {
  let out = bytes;
  for (let i = draw.one([1, 1, 1, 2, 3]); i > 0; i -= 1) out = draw.one(MUTATORS)(out, draw);
  return out;
}
