import type { KneepointClient, RequestOptions } from './client.ts';
import { type GraphqlError, isFailure, KneepointError, serverError } from './errors.ts';
import { describeAnswer, reasonOf } from './http.ts';

export interface GraphqlAnswer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GraphqlError[];
}

/**
 * What a gateway answers to a document, wherever it is by now. Throws GATEWAY_UNREACHABLE, GATEWAY_ANSWER_INVALID, what is refused below
 * GraphQL.
 */
export async function post<Data>(
  client: KneepointClient,
  query: string,
  variables: object,
  options: RequestOptions,
): Promise<GraphqlAnswer<Data>> {
  try {
    return await ask(client, query, variables, options);
  } catch (error) {
    if (!isFailure(error, 'GATEWAY_UNREACHABLE') || !(await client.relocate())) throw error;
    return ask(client, query, variables, options);
  }
}

async function ask<Data>(
  client: KneepointClient,
  query: string,
  variables: object,
  { timeoutMs, signal }: RequestOptions,
): Promise<GraphqlAnswer<Data>> {
  const { url, headers, fetch } = client;
  const ends = [
    ...(signal === undefined ? [] : [signal]),
    ...(timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]),
  ];
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
      signal: ends.length === 0 ? null : AbortSignal.any(ends),
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new KneepointError('GATEWAY_UNREACHABLE', `no gateway answers at ${url}: ${reasonOf(error)}`, {
      where: url,
      fix: 'Start one with `kneepoint up`, or name another with --url.',
      cause: error,
    });
  }
  const answer = parse(text);
  if (answer !== null && ('data' in answer || 'errors' in answer)) return answer as GraphqlAnswer<Data>;
  // What the server says of a request that never came as far as GraphQL.
  if (answer !== null && 'code' in answer && 'message' in answer) {
    throw serverError({ message: String(answer.message), extensions: { ...answer } });
  }
  throw new KneepointError(
    'GATEWAY_ANSWER_INVALID',
    `${describeAnswer(response, text)} came where an answer of the gateway was expected`,
    {
      where: response.url,
      fix: `Check the address: a proxy, or another server, answers there. What is asked at ${url}/graphql must reach the gateway.`,
    },
  );
}

function parse(text: string): object | null {
  try {
    const json = JSON.parse(text) as unknown;
    return typeof json === 'object' ? json : null;
  } catch {
    return null;
  }
}
