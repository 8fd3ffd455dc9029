/** GraphQL clients may write null for a field that they leave out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
