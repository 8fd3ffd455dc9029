/** A manifest as text: every value a trimmed string, empty where nothing was given. Lists are joined by LIST_SEPARATOR. */
export interface Table {
  /** The file's name, for messages. */
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface Row {
  /** Line in the file, from 1. */
  readonly line: number;
  /** One cell per column of the table. */
  readonly cells: readonly string[];
}

/** Separates the labels of a multilabel cell, in CSV cells and in lists that came from JSON. */
export const LIST_SEPARATOR = '|';

/** The column of file names. */
export const IMAGE_COLUMN = 'image';
