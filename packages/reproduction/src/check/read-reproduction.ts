import { Failure } from '@kneepoint/failures';
import type { Reproduction } from '../results.ts';
import { reproductionSchema } from './schema.ts';

/** Bytes of a file of results that is read at all: a hundred times what a full reproduction leaves. */
export const MOST_BYTES = 32 * 2 ** 20;
const FILE = 'results.json';
/** Problems that are named; who sent anything else than results has hundreds. */
const MOST_NAMED = 5;
/** Rectangles of the figure that has one for each filter and task. */
const MOST_MARKS = 200_000;

/** Results as somebody sent them. Throws REPRODUCTION_INVALID. */
export function readReproduction(bytes: Uint8Array, where = FILE): Reproduction {
  if (bytes.length > MOST_BYTES)
    throw invalidReproduction(`the file has ${bytes.length} bytes, ${MOST_BYTES} at most`, where);
  const parsed = reproductionSchema.safeParse(jsonOf(bytes, where));
  if (!parsed.success) {
    const { issues } = parsed.error;
    const named = issues.slice(0, MOST_NAMED).map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    throw invalidReproduction(
      `${issues.length} ${issues.length === 1 ? 'problem' : 'problems'}: ${named.join('; ')}`,
      where,
    );
  }
  const contradiction = contradictionIn(parsed.data);
  if (contradiction !== undefined) throw invalidReproduction(contradiction, where);
  return parsed.data;
}

function jsonOf(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalidReproduction('the file is no JSON in UTF-8', where, error);
  }
}

/** What no schema says: members that have to agree with each other. */
function contradictionIn({ responses, distribution, curves, networks, tasks }: Reproduction): string | undefined {
  const { filters, tasks: distributed } = distribution;
  if (responses?.bins.some(({ mean }) => mean.length !== responses.explained.length)) {
    return 'responses: bins have means of other filters than explained';
  }
  if (distributed.some(({ kept }) => kept.some((filter) => filter >= filters))) {
    return `distribution.tasks: a filter is kept that is none of the ${filters}`;
  }
  if (filters * distributed.length > MOST_MARKS) {
    return `distribution: ${filters} filters for ${distributed.length} tasks are more than a figure shows`;
  }
  const known = new Set(networks.map(({ name }) => name));
  const unknown = curves.find(({ network }) => !known.has(network))?.network;
  if (unknown !== undefined) return `curves: "${unknown}" is none of the networks`;
  if (known.size < networks.length) return 'networks: two have the same name';
  return new Set(tasks).size < tasks.length ? 'tasks: two have the same name' : undefined;
}

export function invalidReproduction(message: string, where = FILE, cause?: unknown): Failure {
  return new Failure('REPRODUCTION_INVALID', message, {
    where,
    fix: 'Send the results.json that `kneepoint reproduce` of this version wrote.',
    ...(cause === undefined ? {} : { cause }),
  });
}
