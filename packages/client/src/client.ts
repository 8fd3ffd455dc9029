import { type Artifact, fetchArtifact } from './download.ts';
import { isFailure, KneepointError, serverError } from './errors.ts';
import {
  ArtifactDocument,
  type RunFieldsFragment,
  type RunFilter,
  type TypedDocumentString,
} from './generated/graphql.ts';
import { nobleSha256, type Sha256 } from './hash.ts';
import { type Connection, type Page, pagesOf } from './lists.ts';
import { post } from './post.ts';
import { tarOf, type NamedFile } from './tar.ts';
import { blobSource, sendUpload, type UploadOptions, type UploadSource } from './upload.ts';
import { waitForRun, type WaitOptions } from './wait-for-run.ts';
import { RUN, type RunView, type WatchedRun, watchRun, watchRuns, type WatchOptions } from './watch-run.ts';

/** A document with its types, or the text of one of your own. */
export type Document<Data, Variables> = TypedDocumentString<Data, Variables> | string;

/** Where a gateway is, and as whom it is asked. */
export interface GatewayAccess {
  /** Address of a gateway, with or without `/graphql`. */
  readonly url: string;
  /** An API token, or an access token of the issuer that the gateway trusts. */
  readonly token?: string | undefined;
  /** Project to work in, for those who may work in several. */
  readonly project?: string | undefined;
}

export interface ClientOptions extends GatewayAccess {
  /**
   * Asked where the gateway is now when nobody answers any more at its address; the question is then put there. Null, and so without this:
   * GATEWAY_UNREACHABLE.
   */
  readonly relocate?: (() => Promise<GatewayAccess | null>) | undefined;
  /** The platform's own when absent. */
  readonly fetch?: typeof fetch | undefined;
  /** Class of sockets; the platform's own when absent. `null`, or none to be had: runs are asked for instead of listened to. */
  readonly webSocket?: WebSocketClass | null | undefined;
  /** Sums up what goes up and comes down; one in JavaScript when absent. */
  readonly sha256?: (() => Sha256) | undefined;
}

/** As browsers, Node 22 and `ws` have it. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => { close(): void };

export interface RequestOptions {
  /** Milliseconds until an answer has to be there; as long as it takes when absent. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface UserError {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
  readonly retryable: boolean;
}

/** What a mutation gives when the server refused nothing: nothing of it is null. */
export type Payload<Data> = Required<{
  readonly [Key in keyof Data[keyof Data] as Exclude<Key, 'userErrors'>]: NonNullable<Data[keyof Data][Key]>;
}>;

/** A gateway that is there answers the smallest question at once; whatever takes longer is not one. */
const CHECK_MS = 10_000;

/** The client of a gateway. Where it is and who asks is settled once. */
export function createClient(options: ClientOptions): KneepointClient {
  return new KneepointClient(options);
}

/** Queries and mutations over HTTP, runs over WebSocket where that can be had, files to and from the store that the gateway names. */
export class KneepointClient {
  readonly fetch: typeof fetch;
  readonly webSocket: WebSocketClass | null;
  readonly sha256: () => Sha256;
  readonly #relocate: ClientOptions['relocate'];
  #access: GatewayAccess;

  constructor({ fetch: given, webSocket, sha256 = nobleSha256, relocate, ...access }: ClientOptions) {
    this.#access = access;
    this.#relocate = relocate;
    // Bound: browsers refuse their own `fetch` as a method of anything else.
    this.fetch = given ?? globalThis.fetch.bind(globalThis);
    this.webSocket = webSocket === undefined ? (globalThis.WebSocket ?? null) : webSocket;
    this.sha256 = sha256;
  }

  /** Without what may be written behind it. */
  get url(): string {
    return baseUrl(this.#access.url);
  }

  /** What says who asks: it goes with every request, and with the first message over a socket. */
  get headers(): Readonly<Record<string, string>> {
    const { token, project } = this.#access;
    return {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(project ? { 'x-kneepoint-project': project } : {}),
    };
  }

  /** Looks where the gateway is now; whether it is anywhere, so that what was asked can be asked again. */
  async relocate(): Promise<boolean> {
    const access = (await this.#relocate?.()) ?? null;
    if (access !== null) this.#access = access;
    return access !== null;
  }

  /** Asks whether a gateway is there. Throws GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID. */
  async check(): Promise<void> {
    await this.query('{ __typename }', {}, { timeoutMs: CHECK_MS });
  }

  /** The data of a query; throws what the server says, GATEWAY_UNREACHABLE or GATEWAY_ANSWER_INVALID. */
  async query<Data, Variables extends object = Readonly<Record<string, unknown>>>(
    document: Document<Data, Variables>,
    variables: Variables,
    options: RequestOptions = {},
  ): Promise<Data> {
    const { data, errors = [] } = await post<Data>(this, document.toString(), variables, options);
    const [error] = errors;
    if (error) throw serverError(error);
    return data!;
  }

  /** What a mutation made; throws the first of its user errors, and what `query` throws. */
  async mutate<Data extends object, Variables extends object = Readonly<Record<string, unknown>>>(
    document: Document<Data, Variables>,
    variables: Variables,
    options: RequestOptions = {},
  ): Promise<Payload<Data>> {
    const [payload] = Object.values(await this.query(document, variables, options)) as {
      readonly userErrors: readonly UserError[];
    }[];
    const [error] = payload!.userErrors;
    if (error === undefined) return payload as unknown as Payload<Data>;
    const { code, message, field, retryable } = error;
    throw new KneepointError(code, message, { retryable, where: field });
  }

  /** All rows of a list, page after page. `pick` says where in the answer the list is. */
  list<Data, Variables extends Page, Node>(
    document: Document<Data, Variables>,
    variables: Omit<Variables, keyof Page>,
    pick: (data: Data) => Connection<Node>,
    options: RequestOptions = {},
  ): Promise<readonly Node[]> {
    return pagesOf((page) => this.query(document, { ...variables, ...page } as Variables, options), pick);
  }

  /** Each state of a run until it has ended: by subscription, or by asking where no socket can be had. */
  watchRun(id: string, options?: WatchOptions): AsyncGenerator<RunFieldsFragment>;
  /** The same of a view of one's own: a query and a subscription of the same fields. */
  watchRun<Run extends WatchedRun>(id: string, options: WatchOptions, view: RunView<Run>): AsyncGenerator<Run>;
  watchRun(id: string, options: WatchOptions = {}, view: RunView<WatchedRun> = RUN): AsyncGenerator<WatchedRun> {
    return watchRun(this, id, view, options);
  }

  /** Every run of the project that a filter names, as it is and after each change; by subscription, or by asking where no socket can be had. */
  watchRuns(filter?: RunFilter, options: WatchOptions = {}): AsyncGenerator<RunFieldsFragment> {
    return watchRuns(this, filter, options);
  }

  /** The run as it has succeeded; throws its own failure where it failed, RUN_ENDED where it was canceled or took too long. */
  waitForRun(id: string, options: WaitOptions = {}): Promise<RunFieldsFragment> {
    return waitForRun(this, id, options);
  }

  /** Brings bytes to the store; their SHA-256, by which registrations name them. Throws UPLOAD_REFUSED and what the server says. */
  upload(source: Blob | UploadSource, options: UploadOptions = {}): Promise<string> {
    return sendUpload(this, source instanceof Blob ? blobSource(source) : source, options);
  }

  /** A model: its file alone, or with the files of its weights, named as the model names them. */
  async uploadModel(files: readonly NamedFile[], options: UploadOptions = {}): Promise<string> {
    const [only, ...others] = files;
    return this.upload(only !== undefined && others.length === 0 ? only.data : await tarOf(files), options);
  }

  /** A folder of labelled images, as its files with their paths in it. */
  async uploadFolder(files: readonly NamedFile[], options: UploadOptions = {}): Promise<string> {
    return this.upload(await tarOf(files), options);
  }

  /**
   * The bytes of an artifact as they come; the stream ends with DOWNLOAD_FAILED where they have another sum than was asked for. Throws
   * DOWNLOAD_FAILED, ARTIFACT_UNKNOWN.
   */
  async stream(artifact: Artifact | string, options: RequestOptions = {}): Promise<ReadableStream<Uint8Array>> {
    if (typeof artifact === 'string') return fetchArtifact(this, await this.#find(artifact), options);
    try {
      return await fetchArtifact(this, artifact, options);
    } catch (error) {
      // A link leads to where the gateway was that gave it.
      options.signal?.throwIfAborted();
      if (!isFailure(error, 'DOWNLOAD_FAILED') || this.#relocate === undefined) throw error;
      return fetchArtifact(this, await this.#find(artifact.sha256), options);
    }
  }

  /** An artifact, whole and with the right sum. Throws DOWNLOAD_FAILED, ARTIFACT_UNKNOWN. */
  async download(artifact: Artifact | string, options: RequestOptions = {}): Promise<Blob> {
    return new Response(await this.stream(artifact, options)).blob();
  }

  /** An artifact that holds JSON, such as a report. Throws what `download` throws. */
  async downloadJson<Json = unknown>(artifact: Artifact | string, options: RequestOptions = {}): Promise<Json> {
    return JSON.parse(await (await this.download(artifact, options)).text()) as Json;
  }

  async #find(sha256: string): Promise<Artifact> {
    const { artifact } = await this.query(ArtifactDocument, { sha256 });
    if (artifact !== null) return artifact;
    throw new KneepointError('ARTIFACT_UNKNOWN', `no artifact has the sum ${sha256}`, {
      fix: 'Copy the sha256 from a report or query.',
    });
  }
}

/** The address of a gateway, without what may be written behind it. */
export function baseUrl(url: string): string {
  return url.replace(/\/(graphql)?\/?$/, '');
}
