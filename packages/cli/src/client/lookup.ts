import { Failure } from '@kneepoint/failures';
import type { GatewayClient } from './gateway-client.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Listing {
  readonly edges: readonly { readonly node: Named }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The id of the newest model of that name, or of that id. */
export function findModel(client: GatewayClient, nameOrId: string): Promise<string> {
  return find(client, 'models', nameOrId, 'MODEL_UNKNOWN');
}

/** The id of the newest data set of that name, or of that id. */
export function findDataset(client: GatewayClient, nameOrId: string): Promise<string> {
  return find(client, 'datasets', nameOrId, 'DATASET_UNKNOWN');
}

async function find(
  client: GatewayClient,
  field: 'models' | 'datasets',
  nameOrId: string,
  code: 'MODEL_UNKNOWN' | 'DATASET_UNKNOWN',
): Promise<string> {
  const names: string[] = [];
  let after: string | null = null;
  do {
    const data: Record<string, Listing> = await client.query(
      `query($after: String) { ${field}(first: 100, after: $after) { edges { node { id name } } pageInfo { hasNextPage endCursor } } }`,
      { after },
    );
    const page = data[field]!;
    for (const { node } of page.edges) {
      if (node.name === nameOrId || node.id === nameOrId) return node.id;
      names.push(node.name);
    }
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  throw new Failure(code, `"${nameOrId}" is neither a name nor an id`, {
    fix: names.length === 0 ? 'None is registered yet: add one first.' : `There are: ${names.slice(0, 20).join(', ')}.`,
  });
}
