/** What Kneepoint accepts of a data set, checked where the value enters. Sizes in bytes, areas in pixels. */
export const LIMITS = {
  manifestBytes: 256 * 2 ** 20,
  schemaBytes: 4 * 2 ** 20,
  images: 1_000_000,
  columns: 1_024,
  cellCharacters: 4_096,
  /** Names of columns, tasks, classes and units. */
  nameCharacters: 200,
  tasks: 256,
  classes: 1_024,
  /** Rows × targets of one task. */
  labelValues: 2 ** 27,
  imageBytes: 64 * 2 ** 20,
  imagePixels: 64 * 10 ** 6,
  /** Values of a pixel, and bytes of all of a picture's as they are decoded: a TIFF may announce 65 535 bands. */
  imageBands: 5,
  decodedBytes: 2 ** 30,
  problemsListed: 100,
  /** Of archives that are unpacked: files and folders, bytes of all together, and the share of those of the archive above a floor. */
  archiveEntries: 2_000_000,
  archiveBytes: 256 * 2 ** 30,
  archiveRatio: 100,
  archiveFloor: 256 * 2 ** 20,
  /** Of an entry's path, and of each part of it, in bytes. */
  pathBytes: 1_024,
  nameBytes: 255,
} as const;
