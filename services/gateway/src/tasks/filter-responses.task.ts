import { open, readFile } from 'node:fs/promises';
import { imageOffsets, parseIndex } from '@kneepoint/datasets';
import { BinnedResponses, ExtremeRows, labelBins } from '@kneepoint/regression';
import type { TaskContext } from '@kneepoint/runtime';
import { labelText } from './label-text.ts';

export interface FilterResponsesInput {
  /** The data set's index. */
  readonly manifestPath: string;
  /** One layer's responses, float32: the rows of every part one after another. */
  readonly responsesPath: string;
  readonly parts: readonly { readonly from: number; readonly rows: number }[];
  readonly filters: number;
  readonly task: string;
  readonly bins: number;
  /** Most and least responsive images of each filter that are named. */
  readonly extremes: number;
}

/** What one layer's filters answer to the labels of a task. Plain JSON: null stands where there are too few images for a figure. */
export interface LayerResponses {
  /** Images whose responses were read. */
  readonly images: number;
  readonly bins: readonly {
    readonly name: string;
    readonly bounds: readonly [number, number] | null;
    readonly images: number;
    /** By filter. */
    readonly mean: readonly (number | null)[];
    readonly standardError: readonly (number | null)[];
  }[];
  /** By filter: share of the variance that lies between the bins. */
  readonly explained: readonly number[];
  /** By filter: rows and responses, one after another. */
  readonly most: readonly (readonly number[])[];
  readonly least: readonly (readonly number[])[];
  /** What is known of those rows. */
  readonly rows: Readonly<Record<number, RespondingRow>>;
}

export interface RespondingRow {
  readonly name: string;
  readonly format: string;
  /** Where the file lies in the data set's archive. */
  readonly start: number;
  readonly bytes: number;
  readonly label: string | null;
}

/** Mean responses of every filter of a layer by bins of labels, and the images that it answers to most and least: rows are read part by part. */
export default async function filterResponses(
  input: FilterResponsesInput,
  { signal }: TaskContext,
): Promise<LayerResponses> {
  const { filters, parts } = input;
  const index = await readFile(input.manifestPath);
  const { manifest, images } = parseIndex(index);
  const spec = manifest.tasks.find(({ name }) => name === input.task)!;
  const labels = manifest.labels[spec.name]!;
  const bins = labelBins({ spec, labels }, images.length, input.bins);
  const binned = new BinnedResponses(filters, bins, images.length);
  const extremes = new ExtremeRows(filters, input.extremes);
  const file = await open(input.responsesPath, 'r');
  try {
    for (const { from, rows } of parts) {
      signal.throwIfAborted();
      const values = new Float32Array(rows * filters);
      await file.read(new Uint8Array(values.buffer));
      binned.add(values, from);
      extremes.add(values, from);
    }
  } finally {
    await file.close();
  }
  const { mean, standardError, explained, rows } = binned.finish();
  const byFilter = (table: Float64Array, bin: number): (number | null)[] =>
    Array.from(table.subarray(bin * filters, (bin + 1) * filters), (value) => (Number.isNaN(value) ? null : value));
  const found = Array.from({ length: filters }, (_, filter) => extremes.of(filter));
  const offsets = imageOffsets(index.length, images);
  const shown = new Set(found.flatMap(({ most, least }) => [...most, ...least].map(({ row }) => row)));
  return {
    images: parts.reduce((sum, part) => sum + part.rows, 0),
    bins: bins.bins.map(({ name, bounds }, bin) => ({
      ...{ name, bounds, images: rows[bin]! },
      mean: byFilter(mean, bin),
      standardError: byFilter(standardError, bin),
    })),
    explained: Array.from(explained),
    most: found.map(({ most }) => most.flatMap(({ row, response }) => [row, response])),
    least: found.map(({ least }) => least.flatMap(({ row, response }) => [row, response])),
    rows: Object.fromEntries([...shown].map((row) => [row, rowOf(row)])),
  };

  function rowOf(row: number): RespondingRow {
    const { path: name, format, bytes } = images[row]!;
    return { name, format, start: offsets[row]!, bytes, label: labelText(spec, labels, row) };
  }
}
