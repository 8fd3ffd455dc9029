import {
  type DatasetFieldsFragment,
  DatasetsDocument,
  type KneepointClient,
  type ModelFieldsFragment,
  ModelsDocument,
} from '@kneepoint/client';

/** What a gateway knows of a model that it has. */
export async function findModelRow(client: KneepointClient, id: string, name: string): Promise<ModelFieldsFragment> {
  const rows = await client.list(ModelsDocument, { name }, ({ models }) => models);
  return rows.find((row) => row.id === id)!;
}

/** What a gateway knows of a data set that it has; its tasks in the order of its columns. */
export async function findDatasetRow(client: KneepointClient, id: string): Promise<DatasetFieldsFragment> {
  const rows = await client.list(DatasetsDocument, { name: null }, ({ datasets }) => datasets);
  return rows.find((row) => row.id === id)!;
}
