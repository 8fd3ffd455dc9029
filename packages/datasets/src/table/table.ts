/** A manifest as text: every value a trimmed string, empty where nothing was given. Lists are joined by LIST_SEPARATOR. */
export interface Table {
  /** The file's name, for messages. */
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Where the rows' parts come from, such as `column "Usage"`; absent where they have none. */
  readonly splitFrom?: string;
  /** Columns whose cells are names of folders or classes and not written by hand: "NA" among them is a class. */
  readonly names?: readonly string[];
}

/** What an image is for, where the data set itself says so. */
export type Part = 'train' | 'validation' | 'test';

export interface Row {
  /** Line in the file, from 1; 0 where the row comes from no line. */
  readonly line: number;
  /** One cell per column of the table. */
  readonly cells: readonly string[];
  readonly part?: Part | undefined;
  /** The bytes of an image that is no file of its own; the same bytes at every call. */
  readonly read?: () => Promise<Buffer>;
}

/** Separates the labels of a multilabel cell, in CSV cells and in lists that came from JSON. */
export const LIST_SEPARATOR = '|';

/** The column of file names. */
export const IMAGE_COLUMN = 'image';
