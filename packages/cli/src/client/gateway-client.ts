import { Failure, type FailureCode, FAILURES } from '@kneepoint/failures';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

interface UserError {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
}

interface GraphqlAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

/** What the command asks of a gateway: queries and mutations over HTTP, one subscription over WebSocket. */
export class GatewayClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/(graphql)?\/?$/, '');
  }

  /** The data of a query; throws the failure that the server gave, or GATEWAY_UNREACHABLE. */
  async query<Data>(document: string, variables: object = {}): Promise<Data> {
    const answer = await this.#post<GraphqlAnswer<Data>>({ query: document, variables });
    const [error] = answer.errors ?? [];
    if (error) throw toFailure(error.extensions?.code, error.message, error.extensions);
    return answer.data!;
  }

  /** The payload of a mutation; its first user error is thrown as a failure. */
  async mutate<Payload>(name: string, document: string, variables: object): Promise<Payload> {
    const data = await this.query<Record<string, Payload & { userErrors: readonly UserError[] }>>(document, variables);
    const payload = data[name]!;
    const [error] = payload.userErrors;
    if (error) throw toFailure(error.code, error.message, error.field ? { where: error.field } : {});
    return payload;
  }

  /** Each state of a run until it ends. */
  async *watch<Run>(id: string, selection: string): AsyncGenerator<Run> {
    const client = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 10,
      lazy: true,
    });
    try {
      const events = client.iterate<{ runUpdated: Run }>({
        query: `subscription($id: ID!) { runUpdated(id: $id) { ${selection} } }`,
        variables: { id },
      });
      for await (const event of events) {
        const [error] = event.errors ?? [];
        if (error) throw toFailure(error.extensions?.code, error.message, error.extensions);
        if (event.data) yield event.data.runUpdated;
      }
    } finally {
      await client.dispose();
    }
  }

  async #post<Answer>(body: object): Promise<Answer> {
    let response: Response;
    try {
      response = await fetch(`${this.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    } catch (error) {
      throw new Failure('GATEWAY_UNREACHABLE', `no gateway answers at ${this.url}`, {
        where: this.url,
        fix: 'Start one with `kneepoint up`, or name another with --url.',
        cause: error,
      });
    }
    return (await response.json()) as Answer;
  }
}

function toFailure(
  code: unknown,
  message: string,
  details: { readonly where?: unknown; readonly fix?: unknown } = {},
): Failure {
  const known = typeof code === 'string' && Object.hasOwn(FAILURES, code) ? (code as FailureCode) : 'REQUEST_INVALID';
  return new Failure(known, message, {
    ...(typeof details.where === 'string' ? { where: details.where } : {}),
    ...(typeof details.fix === 'string' ? { fix: details.fix } : {}),
  });
}
