/** What a person gets to read: the code, what was wrong, and where. */
export interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Replaces what differs from run to run by names. */
export function normalise(outcome: Outcome, names: ReadonlyMap<string, string>): Outcome {
  const clean = (text: string): string => {
    let result = text.replace(UUID, '<uuid>');
    for (const [value, name] of names) result = result.replaceAll(value, name);
    return result;
  };
  return { code: outcome.code, message: clean(outcome.message), where: outcome.where && clean(outcome.where) };
}
