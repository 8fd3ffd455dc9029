import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { Failure } from '@kneepoint/failures';
import { parse } from 'yaml';
import { isRefusal, type TrackingServer } from './tracking-server.ts';

export interface FetchedModel {
  /** The ONNX file; what it names as its weights lies beside it. */
  readonly file: string;
  readonly name: string;
  readonly version: string;
}

const REFERENCE = /^models:\/([^/@]+)(?:@([^/@]+)|\/(\d+))$/;

interface Version {
  readonly version: string;
  readonly source: string;
}

/**
 * Brings a model of a registry, `models:/NAME@ALIAS` or `models:/NAME/VERSION`, into a folder. Throws MLFLOW_MODEL_UNKNOWN where there is none, or
 * none of ONNX.
 */
export async function fetchModel(server: TrackingServer, reference: string, folder: string): Promise<FetchedModel> {
  const [, name, alias, number] = REFERENCE.exec(reference) ?? [];
  if (name === undefined) {
    throw unknown(
      `"${reference.slice(0, 200)}" names no model of a registry`,
      'Pass models:/NAME@ALIAS or models:/NAME/VERSION.',
    );
  }
  const { version, source } = await versionOf(server, name, alias, number);
  const root = await rootOf(server, name, version, source);
  const files = await server.listFiles(root);
  if (!files.includes('MLmodel'))
    throw unknown(`version ${version} of "${name}" has no file MLmodel`, 'Log it with MLflow.');
  const described = parse(Buffer.from(await server.getFile(root, 'MLmodel')).toString('utf8')) as {
    readonly flavors?: { readonly onnx?: { readonly data?: unknown } };
  };
  const data = described.flavors?.onnx?.data;
  if (typeof data !== 'string' || !files.includes(data)) {
    throw unknown(`version ${version} of "${name}" has no ONNX flavour`, 'Log it with mlflow.onnx.log_model.');
  }
  for (const path of files) {
    const place = normalize(path);
    if (place.startsWith('..') || place.startsWith(sep)) continue;
    await mkdir(dirname(join(folder, place)), { recursive: true });
    await writeFile(join(folder, place), await server.getFile(root, path));
  }
  return { file: join(folder, normalize(data)), name, version };
}

async function versionOf(
  server: TrackingServer,
  name: string,
  alias: string | undefined,
  version: string | undefined,
): Promise<Version> {
  try {
    const { model_version: found } =
      alias === undefined
        ? await server.get('model-versions/get', { name, version: version! })
        : await server.get('registered-models/alias', { name, alias });
    return found as Version;
  } catch (error) {
    if (!isRefusal(error, 'RESOURCE_DOES_NOT_EXIST') && !isRefusal(error, 'INVALID_PARAMETER_VALUE')) throw error;
    throw unknown(
      `the registry has no model "${name}" ${alias === undefined ? `of version ${version}` : `with the alias "${alias}"`}`,
      'Look at the models of the registry.',
    );
  }
}

/** Where the files of a version lie. Since MLflow 3 its own client registers models that are logged beside runs, by their id. */
async function rootOf(server: TrackingServer, name: string, version: string, source: string): Promise<string> {
  const logged = /^models:\/(m-[\w-]+)$/.exec(source)?.[1];
  if (logged !== undefined) {
    const { model } = await server.get(`logged-models/${logged}`, {});
    return (model as { readonly info: { readonly artifact_uri: string } }).info.artifact_uri;
  }
  const { artifact_uri: uri } = await server.get('model-versions/get-download-uri', { name, version });
  return String(uri);
}

function unknown(message: string, fix: string): Failure {
  return new Failure('MLFLOW_MODEL_UNKNOWN', message, { where: '--mlflow', fix });
}
