import type { GatewayClient } from './gateway-client.ts';

/** Rows that a server gives at most at a time. */
export const PAGE = 100;

export interface Connection<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export function nodesOf<Node>({ edges }: Pick<Connection<Node>, 'edges'>): readonly Node[] {
  return edges.map(({ node }) => node);
}

interface Answer<Node> {
  readonly run: Readonly<Record<string, Connection<Node>>>;
}

/** The whole of a list that belongs to a run, page after page. */
export async function listOf<Node>(
  client: GatewayClient,
  id: string,
  { field, fields }: { readonly field: string; readonly fields: string },
): Promise<readonly Node[]> {
  const document = `query($id: ID!, $after: String) { run(id: $id) { ${field}(first: ${PAGE}, after: $after) {
    edges { node { ${fields} } } pageInfo { hasNextPage endCursor } } } }`;
  const all: Node[] = [];
  let after: string | null = null;
  for (;;) {
    const data = await client.query<Answer<Node>>(document, { id, after });
    const page: Connection<Node> = data.run[field]!;
    all.push(...nodesOf(page));
    if (!page.pageInfo.hasNextPage) return all;
    after = page.pageInfo.endCursor;
  }
}
