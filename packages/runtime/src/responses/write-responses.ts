import { rename, rm, writeFile } from 'node:fs/promises';
import type { Field as ArrowField, FixedSizeList as ListType, Float32 as Float, Int32 as Int } from 'apache-arrow';
import { Failure } from '@kneepoint/failures';
import { GRID_CELLS, GRID_SIDE } from '@kneepoint/onnx';
import type { Tap } from './pooled-responses.ts';

export interface ResponsesToWrite {
  readonly taps: readonly Tap[];
  /** Position in the data set of the first row; the others follow it. */
  readonly from: number;
  /** Layer to N × C, row-major. */
  readonly responses: ReadonlyMap<string, Float32Array>;
  /** Layer to N × 4·C, row-major, for layers that were averaged on a grid as well. */
  readonly grids?: ReadonlyMap<string, Float32Array>;
}

/**
 * Writes responses as one Apache Arrow IPC file: `index` (Int32), one FixedSizeList<Float32>[C] column per tap, named by its layer, and behind
 * them one FixedSizeList<Float32>[4·C] column, `LAYER 2×2`, for each that has a grid: in a single record batch, so that a column is one
 * block of memory. Layer and value of a column, and that it is a grid, are in its metadata. The file appears complete or not at all. Throws RUNTIME_RESPONSES_SHAPE.
 */
export async function writeResponses(path: string, { taps, from, responses, grids }: ResponsesToWrite): Promise<void> {
  const rows = rowCount(taps, responses);
  const layers = taps.map((tap): Content => ({ ...tap, width: tap.channels, data: responses.get(tap.layer)! }));
  const onGrid = taps.flatMap((tap): Content[] => {
    const data = grids?.get(tap.layer);
    return data ? [{ ...tap, width: GRID_CELLS * tap.channels, data, grid: true }] : [];
  });
  onGrid.forEach((content) => requireRows(content, rows));
  const names = columnNames([...layers, ...onGrid]);
  const arrow = await import('apache-arrow');
  const { Field, FixedSizeList, Float32, Int32, makeData } = arrow;
  const index = Int32Array.from({ length: rows }, (_, row) => from + row);
  const fields: Column[] = [new Field('index', new Int32(), false)];
  const columns: InstanceType<typeof arrow.Data>[] = [
    makeData({ type: new Int32(), data: index, length: rows, nullCount: 0 }),
  ];
  for (const [at, { layer, value, width, data, grid }] of [...layers, ...onGrid].entries()) {
    const type = new FixedSizeList(width, new Field('item', new Float32(), false));
    const child = makeData({ type: new Float32(), data, length: data.length, nullCount: 0 });
    fields.push(
      new Field(
        names[at]!,
        type,
        false,
        new Map([[LAYER_KEY, layer], [VALUE_KEY, value], ...(grid ? [[GRID_KEY, `${GRID_SIDE}`] as const] : [])]),
      ),
    );
    columns.push(makeData({ type, child, length: rows, nullCount: 0 }));
  }
  const schema = new arrow.Schema(fields);
  const batch = new arrow.RecordBatch(
    schema,
    makeData({ type: new arrow.Struct(fields), children: columns, length: rows, nullCount: 0 }),
  );
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, arrow.RecordBatchFileWriter.writeAll([batch]).toUint8Array(true));
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

type Column = ArrowField<Int | ListType<Float>>;

/** Metadata of a column: the layer, the value in the graph that was read, and cells along each axis of a grid. */
export const LAYER_KEY = 'kneepoint.layer';
export const VALUE_KEY = 'kneepoint.value';
export const GRID_KEY = 'kneepoint.grid';

/** What one column holds. */
interface Content {
  readonly layer: string;
  readonly value: string;
  readonly width: number;
  readonly data: Float32Array;
  readonly grid?: true;
}

/** A column's name is its layer's, but `index` is taken, and Arrow's JavaScript cannot write two columns of one name. */
function columnNames(contents: readonly Content[]): readonly string[] {
  const taken = new Set(['index']);
  return contents.map(({ layer, grid }) => {
    let name = grid ? `${layer} 2×2` : layer;
    while (taken.has(name)) name = `${name} (layer)`;
    taken.add(name);
    return name;
  });
}

function requireRows({ layer, width, data }: Content, rows: number): void {
  if (data.length === rows * width) return;
  throw new Failure(
    'RUNTIME_RESPONSES_SHAPE',
    `the grid of layer ${layer} holds ${data.length} values where ${rows} × ${width} belong`,
    { where: `layer ${layer}`, fix: 'give as many rows as the layer itself has, and four columns for each filter' },
  );
}

function rowCount(taps: readonly Tap[], responses: ReadonlyMap<string, Float32Array>): number {
  const counts = taps.map(({ layer, channels }) => (responses.get(layer)?.length ?? Number.NaN) / channels);
  const [rows = 0] = counts;
  const odd = counts.findIndex((count) => count !== rows || !Number.isInteger(count));
  if (odd < 0 && new Set(taps.map(({ layer }) => layer)).size === taps.length) return rows;
  const tap = taps[Math.max(odd, 0)];
  const count = counts[odd] ?? Number.NaN;
  const found = odd < 0 ? 'two sets of' : Number.isNaN(count) ? 'no' : count;
  throw new Failure('RUNTIME_RESPONSES_SHAPE', `layer ${tap?.layer} holds ${found} rows, the first layer ${rows}`, {
    where: `layer ${tap?.layer}`,
    fix: 'give every layer once, with as many rows as the others and as many columns as filters',
  });
}
