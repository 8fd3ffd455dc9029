import type { FailureKind } from '../kind.ts';

export const datasetFailures = {
  DATASET_FOLDER_MISSING: {
    cause: 'The folder of the data set does not exist or is not a folder.',
    cure: 'Give the folder that holds the images and their labels.',
    retryable: false,
  },
  DATASET_MANIFEST_MISSING: {
    cause: 'The folder has no layout of labelled images that Kneepoint recognises.',
    cure: 'Sort the images into one folder per class, add labels.csv with an `image` column, or see docs/data.md.',
    retryable: false,
  },
  DATASET_MANIFEST_AMBIGUOUS: {
    cause: 'The folder has two manifests.',
    cure: 'Keep either labels.csv or labels.jsonl.',
    retryable: false,
  },
  DATASET_FORMAT_AMBIGUOUS: {
    cause: 'Two layouts recognise the folder equally well.',
    cure: 'Name one of them by --format.',
    retryable: false,
  },
  DATASET_FORMAT_UNKNOWN: {
    cause: 'The layout that was asked for does not exist.',
    cure: 'Name one of the layouts of docs/data.md.',
    retryable: false,
  },
  DATASET_ENTRIES_MALFORMED: {
    cause: 'A strict import met entries that are malformed or twice there.',
    cure: 'Mend or remove them, or import without --strict, which leaves them out and counts them.',
    retryable: false,
  },
  DATASET_SPLIT_INVALID: {
    cause: 'The split that comes with the data set cannot be read, or has no training images.',
    cure: 'Write train, validation or test for each image, or draw a split by seed with --split none.',
    retryable: false,
  },
  DATASET_SPLIT_STRADDLES: {
    cause: 'The split that comes with the data set has images of one subject in several parts.',
    cure: 'Keep a subject in one part, or draw a split by seed with --split none.',
    retryable: false,
  },
  DATASET_MANIFEST_TOO_LARGE: {
    cause: 'The manifest, the schema or one of their parts is larger than Kneepoint accepts.',
    cure: 'Split the data set, or drop columns that no task needs.',
    retryable: false,
  },
  DATASET_MANIFEST_EMPTY: {
    cause: 'The manifest names no image.',
    cure: 'Add one row per image below the header.',
    retryable: false,
  },
  DATASET_NOT_UTF8: {
    cause: 'The manifest or schema is not UTF-8 text.',
    cure: 'Save the file as UTF-8.',
    retryable: false,
  },
  DATASET_CSV_SYNTAX: {
    cause: 'A line of a CSV file breaks the rules of CSV quoting.',
    cure: 'Quote the whole cell and double the quotes inside it.',
    retryable: false,
  },
  DATASET_NOT_JSON: {
    cause: 'A line of labels.jsonl is not a JSON object of plain values.',
    cure: 'Write one object per line; values are text, numbers, true, false, null or a list of texts.',
    retryable: false,
  },
  DATASET_COLUMN_NAME: {
    cause: 'The manifest has a column without a name, two of one name, or no column of image names.',
    cure: 'Give every column its own name and call the column of file names `image`, or name it by --image-column.',
    retryable: false,
  },
  DATASET_COLUMN_COUNT: {
    cause: 'A row has more or fewer cells than the header.',
    cure: 'Give every row one cell per column; leave a cell empty where a label is missing.',
    retryable: false,
  },
  DATASET_IMAGE_PATH: {
    cause: 'An image path leaves the folder of the data set, or is not a plain relative path.',
    cure: 'Use paths relative to the manifest, with forward slashes and without `..`.',
    retryable: false,
  },
  DATASET_IMAGE_MISSING: {
    cause: 'The manifest names an image that is not there.',
    cure: 'Add the file or remove its row.',
    retryable: false,
  },
  DATASET_IMAGE_DUPLICATE: {
    cause: 'The manifest names one image twice.',
    cure: 'Keep one row per image.',
    retryable: false,
  },
  DATASET_IMAGE_EMPTY: {
    cause: 'An image file has 0 bytes.',
    cure: 'Copy the file again or remove its row.',
    retryable: false,
  },
  DATASET_IMAGE_FORMAT: {
    cause: 'A file is not an image of a format that Kneepoint reads.',
    cure: 'Convert it to PNG, JPEG, WebP, GIF, TIFF, AVIF, BMP, PGM, PPM, JPEG 2000 or DICOM.',
    retryable: false,
  },
  DATASET_IMAGE_TOO_LARGE: {
    cause: 'An image has more bytes or more pixels than Kneepoint decodes.',
    cure: 'Make the image smaller; networks read a few hundred pixels a side.',
    retryable: false,
  },
  DATASET_IMAGE_UNREADABLE: {
    cause: 'An image is damaged or cut off and does not decode.',
    cure: 'Copy the file again or remove its row.',
    retryable: false,
  },
  DATASET_LABEL_NOT_A_NUMBER: {
    cause: 'A label of a numeric task is not a finite number.',
    cure: 'Write a number, or leave the cell empty where the label is missing.',
    retryable: false,
  },
  DATASET_UNKNOWN_CLASS: {
    cause: 'A label is none of the classes of its task.',
    cure: 'Correct the label, or add the class to the task in schema.json.',
    retryable: false,
  },
  DATASET_ONE_CLASS: {
    cause: 'All images carry the same label, so there is nothing to learn.',
    cure: 'Add images with other labels, or remove the task.',
    retryable: false,
  },
  DATASET_CLASS_COUNT: {
    cause: 'A task has more classes than its type or Kneepoint allows.',
    cure: 'Choose a type that fits the labels, or merge classes.',
    retryable: false,
  },
  DATASET_SUBJECT_MISSING: {
    cause: 'A row does not say which subject it shows although the data set is split by subject.',
    cure: 'Fill in the subject, or remove the row.',
    retryable: false,
  },
  DATASET_UNKNOWN_COLUMN: {
    cause: 'The schema or an option names a column that the manifest does not have.',
    cure: 'Use the name of a column as the header of the manifest writes it.',
    retryable: false,
  },
  DATASET_SCHEMA_INVALID: {
    cause: 'schema.json does not describe tasks as Kneepoint reads them.',
    cure: 'Compare schema.json with the example in packages/datasets/README.md.',
    retryable: false,
  },
  DATASET_BINS_INVALID: {
    cause: 'The bins of an ordered task are not ascending edges, one list per column.',
    cure: 'Give the inner edges of the bins in ascending order, one list per column.',
    retryable: false,
  },
  DATASET_NO_TASKS: {
    cause: 'No column of the manifest can be a task.',
    cure: 'Add a label column, or describe the task in schema.json.',
    retryable: false,
  },
  DATASET_ARCHIVE_INVALID: {
    cause: 'An archive is damaged or cut off, or a packed data set was not written by Kneepoint.',
    cure: 'Pack and upload it again, or import the folder.',
    retryable: false,
  },
  DATASET_ARCHIVE_UNKNOWN: {
    cause: 'A file that should be an archive of labelled images is none that Kneepoint reads.',
    cure: 'Pack the folder as tar, tar.gz or zip, or let `kneepoint dataset pack` do it.',
    retryable: false,
  },
  DATASET_ARCHIVE_REFUSED: {
    cause: 'An archive has an entry that leaves its folder, a link, an encrypted file, or more than Kneepoint unpacks.',
    cure: 'Pack a plain folder of images and labels, with links resolved (tar --dereference --hard-dereference).',
    retryable: false,
  },
  DATASET_CHANGED: {
    cause: 'An image changed on disk while the data set was being packed.',
    cure: 'Import the folder again when nothing writes to it.',
    retryable: true,
  },
  DATASET_NOT_WRITABLE: {
    cause: 'A file of the data set could not be written.',
    cure: 'Check the folder, its rights and the free space.',
    retryable: true,
  },
  DATASET_OPTION_INVALID: {
    cause: 'A setting for reading or rendering images is out of range.',
    cure: 'Use a value in the range that the message names.',
    retryable: false,
  },
  PREPROCESS_INVALID: {
    cause: 'The preprocessing that is declared for the model cannot be read.',
    cure: 'Write { "channels": "rgb" | "bgr" | "grey", "range": [0, 255] | [0, 1], "mean": [...], "std": [...] }.',
    retryable: false,
  },
  PREPROCESS_CHANNELS: {
    cause: 'The declared channels do not fit the number of channels of the model input.',
    cure: 'Declare `grey` for a model with one channel, `rgb` or `bgr` for one with three.',
    retryable: false,
  },
  PREPROCESS_SIZE_MISSING: {
    cause: 'The model leaves its image size open and the preprocessing does not name one.',
    cure: 'Add "size": { "width": W, "height": H } to the preprocessing.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
