import { Failure } from '@kneepoint/failures';
import type { RunDetails } from '@kneepoint/platform';
import type { LabelInput, RunDetailsInput } from '../schema/run-details.ts';
import { requireLabel } from './labels.ts';

const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}]{1,200}$/u;
const MOST_LABELS = 32;
const MOST_METADATA_BYTES = 16 * 1024;

/** What is said of a run, as it is stored. `prefix`: how the caller wrote the fields. Throws RUN_DETAILS_INVALID. */
export function requireDetails({ name, labels, metadata }: RunDetailsInput, prefix = 'run.'): RunDetails {
  return {
    ...(name === undefined ? {} : { name: name === null ? null : requireRunName(name, `${prefix}name`) }),
    ...(labels === undefined ? {} : { labels: requireLabels(labels ?? [], `${prefix}labels`) }),
    ...(metadata === undefined ? {} : { metadata: requireMetadata(metadata, `${prefix}metadata`) }),
  };
}

function requireRunName(name: string, where: string): string {
  if (NAME.test(name) && name.trim() === name) return name;
  throw invalid(
    `${JSON.stringify(name.slice(0, 80))} is not the name of a run`,
    where,
    'Pass 1 to 200 characters in one line, without space before and after.',
  );
}

function requireLabels(labels: readonly LabelInput[], where: string): readonly string[] {
  const keys = labels.map(({ key }) => key);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice !== undefined) {
    throw invalid(`the label "${twice.slice(0, 80)}" is there twice`, where, 'Pass each key once.');
  }
  if (labels.length > MOST_LABELS) {
    throw invalid(`${labels.length} labels`, where, `Pass ${MOST_LABELS} at most.`);
  }
  return labels.map((label) => requireLabel(label, where)).sort();
}

function requireMetadata(metadata: unknown, where: string): object | null {
  if (metadata === null) return null;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) {
    throw invalid('the metadata are no object', where, 'Pass an object, such as { "commit": "1f2e3d" }.');
  }
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= MOST_METADATA_BYTES) return metadata;
  throw invalid(
    `the metadata have ${bytes} bytes as JSON`,
    where,
    `Pass ${MOST_METADATA_BYTES} at most; upload what is larger as a file and name its sum.`,
  );
}

function invalid(message: string, where: string, fix: string): Failure {
  return new Failure('RUN_DETAILS_INVALID', message, { where, fix });
}
