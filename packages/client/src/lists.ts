/** Rows that a server gives at most at a time. */
const PAGE = 100;

/** Variables of a list. */
export interface Page {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** As Relay has it. */
export interface Connection<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export function nodesOf<Node>({ edges }: Pick<Connection<Node>, 'edges'>): readonly Node[] {
  return edges.map(({ node }) => node);
}

/** The whole of a list, page after page. */
export async function pagesOf<Data, Node>(
  query: (page: Page) => Promise<Data>,
  pick: (data: Data) => Connection<Node>,
): Promise<readonly Node[]> {
  const all: Node[] = [];
  let after: string | null = null;
  do {
    const page: Connection<Node> = pick(await query({ first: PAGE, after }));
    all.push(...nodesOf(page));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}
