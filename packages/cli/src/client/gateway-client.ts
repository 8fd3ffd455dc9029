import { Failure } from '@kneepoint/failures';
import { type Access, accessHeaders, base } from './access.ts';
import { describeAnswer, reasonOf } from './http.ts';
import { type GraphqlError, serverFailure, toFailure } from './server-failure.ts';
import { type WatchedRun, watchRun, type WatchTimes } from './watch-run.ts';

interface UserError {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
}

interface GraphqlAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlError[];
}

export interface QueryOptions {
  /** Milliseconds until an answer has to be there; as long as it takes when absent. */
  readonly timeoutMs?: number;
}

/** A gateway that is there answers the smallest question at once; whatever takes longer is not one. */
const CHECK_MS = 10_000;

/** What the command asks of a gateway: queries and mutations over HTTP, runs over WebSocket where that can be had. */
export class GatewayClient {
  readonly url: string;
  /** What says who asks: it goes with every request, and with the first message over a socket. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, access: Omit<Access, 'url'> = {}) {
    this.url = base(url);
    this.headers = accessHeaders(access);
  }

  /** Asks whether a gateway is there. Throws GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID. */
  async check(): Promise<void> {
    await this.query('{ __typename }', {}, { timeoutMs: CHECK_MS });
  }

  /** The data of a query; throws the failure that the server gave, GATEWAY_UNREACHABLE or GATEWAY_ANSWER_INVALID. */
  async query<Data>(document: string, variables: object = {}, options: QueryOptions = {}): Promise<Data> {
    const answer = await this.#post<GraphqlAnswer<Data>>({ query: document, variables }, options);
    const [error] = answer.errors ?? [];
    if (error) throw serverFailure(error);
    return answer.data!;
  }

  /** The payload of a mutation; its first user error is thrown as a failure. */
  async mutate<Payload>(name: string, document: string, variables: object): Promise<Payload> {
    const data = await this.query<Record<string, Payload & { userErrors: readonly UserError[] }>>(document, variables);
    const payload = data[name]!;
    const [error] = payload.userErrors;
    if (error)
      throw toFailure(error.code, error.message, error.field ? { where: error.field.replace(/^input\.(plan\.)?/, '') } : {});
    return payload;
  }

  /** Each state of a run until it ends. `selection` has `seq` and `state`. */
  watch<View extends WatchedRun>(id: string, selection: string, times?: WatchTimes): AsyncGenerator<View> {
    return watchRun<View>(this, id, selection, times);
  }

  async #post<Answer extends object>(body: object, { timeoutMs }: QueryOptions): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...this.headers },
        body: JSON.stringify(body),
        ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
      });
      text = await response.text();
    } catch (error) {
      throw new Failure('GATEWAY_UNREACHABLE', `no gateway answers at ${this.url}: ${reasonOf(error)}`, {
        where: this.url,
        fix: 'Start one with `kneepoint up`, or name another with --url.',
        cause: error,
      });
    }
    const answer = parse(text);
    if (answer !== null && ('data' in answer || 'errors' in answer)) return answer as Answer;
    // What the server says of a request that never came as far as GraphQL.
    if (answer !== null && 'code' in answer && 'message' in answer) {
      throw toFailure(answer.code, String(answer.message));
    }
    throw new Failure(
      'GATEWAY_ANSWER_INVALID',
      `${describeAnswer(response, text)} came where an answer of the gateway was expected`,
      {
        where: response.url,
        fix: `Check the address: a proxy, or another server, answers there. What is asked at ${this.url}/graphql must reach the gateway.`,
      },
    );
  }
}

function parse(text: string): object | null {
  try {
    const json = JSON.parse(text) as unknown;
    return typeof json === 'object' ? json : null;
  } catch {
    return null;
  }
}
