/**
 * DICOM's run-length encoding (part 5, annex G): a header of 16 words, then a segment for each byte of a sample, the highest first, of each
 * band. Gives band after band, low byte first.
 */
export function decodeRle(bytes: Buffer, pixels: number, bands: number, bytesPerSample: number): Buffer {
  if (bytes.length < 64) throw new Error('the header of the runs is cut off');
  const segments = bytes.readUInt32LE(0);
  if (segments !== bands * bytesPerSample) throw new Error(`${segments} segments of runs`);
  const out = Buffer.alloc(pixels * bands * bytesPerSample);
  for (let segment = 0; segment < segments; segment += 1) {
    const begin = bytes.readUInt32LE(4 + 4 * segment);
    const end = segment + 1 < segments ? bytes.readUInt32LE(8 + 4 * segment) : bytes.length;
    if (begin < 64 || end > bytes.length || begin > end) throw new Error('a segment of runs is cut off');
    const band = Math.floor(segment / bytesPerSample);
    const place = bytesPerSample - 1 - (segment % bytesPerSample);
    unpack(bytes.subarray(begin, end), out, band * pixels * bytesPerSample + place, bytesPerSample, pixels);
  }
  return out;
}

/** PackBits: n below 128, then n + 1 bytes as they are; n above, then one byte 257 − n times. */
function unpack(runs: Buffer, out: Buffer, from: number, step: number, count: number): void {
  let [at, done] = [0, 0];
  while (done < count) {
    const control = runs[at];
    if (control === undefined) throw new Error('the runs are cut off');
    at += 1;
    if (control === 128) continue;
    const repeats = control > 128;
    const length = repeats ? 257 - control : control + 1;
    for (let i = 0; i < length && done < count; i += 1, done += 1) {
      const byte = runs[repeats ? at : at + i];
      if (byte === undefined) throw new Error('the runs are cut off');
      out[from + done * step] = byte;
    }
    at += repeats ? 1 : length;
  }
}
