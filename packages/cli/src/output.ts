import { KneepointError } from '@kneepoint/client';
import { Failure, FAILURES } from '@kneepoint/failures';

/** What a person asked to see is on standard output; what happens meanwhile is on standard error. */
export function print(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** With an indent of 0 in one line. */
export function printJson(value: unknown, indent = 2): void {
  process.stdout.write(`${JSON.stringify(value, null, indent)}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** Names of tasks and classes come from files of others, and a terminal obeys what some characters say. */
export function printable(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, '\uFFFD');
}

/** What a failure is told with: who types a command knows fields of requests by the names of options. */
function told(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly fix?: string;
} {
  if (!(error instanceof KneepointError)) return Failure.from(error).toJSON();
  const { code, message, where, fix } = error;
  return {
    ...{ code, message },
    ...(where === undefined ? {} : { where: where.replace(/^input\.(plan\.)?/, '') }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** What would be right in general, where nothing was said of this case. */
function cureOf(code: string): string | undefined {
  return (FAILURES as Readonly<Record<string, { readonly cure: string }>>)[code]?.cure;
}

/** One line of what was wrong, one of where, one of what would be right; as JSON on standard output when JSON was asked for. Gives its code. */
export function printFailure(error: unknown, json: boolean): string {
  const said = told(error);
  const failure = { ...said, fix: said.fix ?? cureOf(said.code) };
  if (json) printJson({ error: failure });
  note(`error ${failure.code}: ${failure.message}`);
  if (failure.where) note(`   at ${failure.where}`);
  if (failure.fix) note(`  fix ${failure.fix}`);
  if (process.env.KNEEPOINT_DEBUG) note(String((error as Error).stack ?? error));
  return failure.code;
}
