import type { DatasetSchema, Reading } from '@kneepoint/datasets';
import { Failure } from '@kneepoint/failures';
import type { Command } from 'commander';
import { readJson } from './options.ts';

export interface DataFlags {
  readonly group?: string;
  readonly schema?: string;
  readonly format?: string;
  readonly split?: string;
  readonly imageColumn?: string;
  readonly delimiter?: string;
  readonly type?: readonly string[];
  readonly strict?: boolean;
  readonly skipBad?: boolean;
}

/** What the gateway is told of a folder of images. */
export interface DataRequest {
  readonly schema?: DatasetSchema;
  readonly group?: string;
  readonly reading?: Reading;
}

const repeated = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** The options of every command that imports a folder of labelled images. */
export function withDataOptions(command: Command): Command {
  return command
    .option('--group <column>', 'column whose value keeps images together when the set is split, such as a person')
    .option(
      '--schema <file>',
      'types, classes, bins and units of the tasks (default: schema.json of the folder, else inferred)',
    )
    .option('--format <name>', 'layout of the folder: imagefolder, kaggle, coco, … (default: by what lies there)')
    .option(
      '--split <column>',
      'column that says train, val or test; none draws a split by seed (default: the split that the data has, else by seed)',
    )
    .option('--image-column <column>', 'column that names the images (default: image, file, path, id, …)')
    .option('--delimiter <character>', 'between the cells of a table: "," ";" or tab (default: by its header)')
    .option('--type <column=type>', 'continuous, binary, ordered, multilabel or categorical; may be repeated', repeated)
    .option('--strict', 'refuse what is malformed or twice there instead of leaving it out')
    .option('--skip-bad', 'leave out images that are missing or do not decode');
}

/** Throws DATASET_OPTION_INVALID, JSON_FILE_INVALID. */
export async function readDataOptions(flags: DataFlags): Promise<DataRequest> {
  const schema = flags.schema ? ((await readJson(flags.schema)) as DatasetSchema) : undefined;
  const { format, split, imageColumn, delimiter, strict, skipBad } = flags;
  const types = readTypes(flags.type ?? []);
  const { validateReading } = await import('@kneepoint/datasets');
  const reading = validateReading({
    format,
    split,
    imageColumn,
    delimiter: delimiter === 'tab' || delimiter === '\\t' ? '\t' : delimiter,
    strict,
    skipBad,
    ...(Object.keys(types).length > 0 ? { types } : {}),
  });
  return {
    ...(schema ? { schema } : {}),
    ...(flags.group ? { group: flags.group } : {}),
    ...(Object.keys(reading).length > 0 ? { reading } : {}),
  };
}

function readTypes(given: readonly string[]): Record<string, string> {
  const pairs = given
    .flatMap((value) => value.split(','))
    .map((pair) => {
      const at = pair.lastIndexOf('=');
      if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
      throw new Failure('DATASET_OPTION_INVALID', `${JSON.stringify(pair)} names no column and type`, {
        where: '--type',
        fix: 'such as --type label=categorical',
      });
    });
  return Object.fromEntries(pairs);
}
