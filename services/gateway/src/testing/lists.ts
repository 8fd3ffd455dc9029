/** The selection of the first few of a list that belongs to a row: more than a test makes. */
export function list(field: string, fields: string): string {
  return `${field}(first: 5) { edges { node { ${fields} } } }`;
}

/** What was answered with each such list as the array of its nodes. */
export function flat<T>(value: unknown): T {
  return flatten(value) as T;
}

function flatten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flatten);
  if (typeof value !== 'object' || value === null) return value;
  if ('edges' in value && Array.isArray(value.edges)) {
    return (value.edges as { readonly node: unknown }[]).map(({ node }) => flatten(node));
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, flatten(member)]));
}
