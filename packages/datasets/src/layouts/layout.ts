import type { Problems } from '../problems.ts';
import type { DatasetSchema } from '../schema/dataset-schema.ts';
import type { Table } from '../table/table.ts';
import type { Listing } from './listing.ts';
import type { Skipped } from './skipped.ts';

/** How a table of text is to be read. */
export interface Recognition {
  /** Column of image names; found by its usual names when absent. */
  readonly imageColumn?: string;
  /** Separates the cells of a text table; told from its header when absent. */
  readonly delimiter?: string;
}

/** What an importer is told beside the folder. */
export interface ReadRequest extends Recognition {
  /** What no importer can go on from: a header that cannot be read, a file that is too large. */
  readonly problems: Problems;
  /** Entries that were left out; the import goes on without them unless it is to be strict. */
  readonly skipped: Skipped;
  readonly signal?: AbortSignal;
}

export interface Imported {
  /** One row per image. The column IMAGE_COLUMN holds its path in the folder, or a name where a row reads its image itself. */
  readonly table: Table;
  /** Types, classes, bins, units and the subject that the published layout implies; what the user says goes first. */
  readonly hints?: DatasetSchema;
  /** One line: what was found. */
  readonly found: string;
  /** What was said of the images when they were read for the first time; holds as long as nothing is read in another way. */
  readonly notes?: readonly string[];
}

/** One layout of labelled images. A new one is a new file and a line in registry.ts. */
export interface Layout {
  /** As `--format` takes it. */
  readonly name: string;
  /** How sure it is, from 0 to 1, by what lies in the folder; undefined when it is something else. */
  recognises(listing: Listing, request: Recognition): Promise<number | undefined>;
  read(listing: Listing, request: ReadRequest): Promise<Imported>;
  /** True for layouts that people write by hand: a wrong entry is refused, not skipped. */
  readonly exact?: true;
}

/** How sure an importer is. */
export const SURE = {
  /** Kneepoint's own manifest. */
  own: 1,
  /** Files that only this layout has. */
  marked: 0.9,
  /** File names that follow its pattern. */
  named: 0.8,
  /** A table that names images. */
  table: 0.6,
  /** Folders of images. */
  folders: 0.4,
} as const;
