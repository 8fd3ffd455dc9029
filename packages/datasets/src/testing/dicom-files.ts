/** An element: its tag as eight hexadecimal digits, its value representation, its value. */
export type DicomElement = readonly [tag: string, kind: string, value: string | number | Buffer];

export interface DicomParts {
  readonly syntax?: string;
  readonly rows: number;
  readonly columns: number;
  /** Bits allocated, stored, and the highest. */
  readonly bits?: readonly [number, number, number];
  readonly photometric?: string;
  readonly more?: readonly DicomElement[];
  /** As they are, or in fragments. */
  readonly pixels: Buffer | readonly Buffer[];
}

export const EXPLICIT = '1.2.840.10008.1.2.1';

/** A small DICOM file (part 10) with explicit value representations, low byte first. */
export function dicomOf(parts: DicomParts): Buffer {
  const { syntax = EXPLICIT, rows, columns, bits = [8, 8, 7], photometric = 'MONOCHROME2', more = [], pixels } = parts;
  const colours = photometric.startsWith('MONO') ? 1 : 3;
  const elements: DicomElement[] = [
    ['00280002', 'US', colours],
    ['00280004', 'CS', photometric],
    ['00280010', 'US', rows],
    ['00280011', 'US', columns],
    ['00280100', 'US', bits[0]],
    ['00280101', 'US', bits[1]],
    ['00280102', 'US', bits[2]],
    ...more,
  ];
  const sorted = elements.sort(([a], [b]) => (a < b ? -1 : 1)).map(element);
  const meta = element(['00020010', 'UI', syntax]);
  const wide = bits[0] > 8 ? 'OW' : 'OB';
  const data = Buffer.isBuffer(pixels) ? element(['7fe00010', wide, pixels]) : encapsulated(pixels);
  const length = element(['00020000', 'UL', meta.length]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, ...sorted, data]);
}

const LONG: ReadonlySet<string> = new Set(['OB', 'OW', 'UN', 'SQ']);

function element([tag, kind, value]: DicomElement): Buffer {
  const bytes = even(valueOf(kind, value), kind);
  const head = Buffer.alloc(LONG.has(kind) ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(kind, 4, 'latin1');
  if (LONG.has(kind)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

function valueOf(kind: string, value: string | number | Buffer): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  const bytes = Buffer.alloc(kind === 'UL' ? 4 : 2);
  if (kind === 'UL') bytes.writeUInt32LE(value);
  else bytes.writeUInt16LE(value);
  return bytes;
}

/** Texts are filled up with a blank, identifiers and bytes with a zero. */
function even(bytes: Buffer, kind: string): Buffer {
  if (bytes.length % 2 === 0) return bytes;
  return Buffer.concat([bytes, Buffer.from([kind === 'UI' || LONG.has(kind) ? 0 : 0x20])]);
}

/** An empty table of offsets, the fragments, and the end. */
function encapsulated(fragments: readonly Buffer[]): Buffer {
  const head = Buffer.from('e07f10004f420000ffffffff', 'hex');
  const item = (bytes: Buffer): Buffer => {
    const start = Buffer.from('feff00e000000000', 'hex');
    start.writeUInt32LE(bytes.length + (bytes.length % 2), 4);
    return Buffer.concat([start, bytes, Buffer.alloc(bytes.length % 2)]);
  };
  const end = Buffer.from('feffdde000000000', 'hex');
  return Buffer.concat([head, item(Buffer.alloc(0)), ...fragments.map(item), end]);
}
