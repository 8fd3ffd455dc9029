import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  isInputObjectType,
  getNamedType,
  Kind,
  OperationTypeNode,
  typeFromAST,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';

type Run = (operation: ExecutionArgs) => Promise<ExecutionResult>;

interface Seen {
  times: number;
  run?: Run;
}

/** Documents are compiled when they come this often: who sends another one each time would else have us work for nothing. */
const OFTEN = 5;
/** Characters of all that are remembered: what is compiled of one takes some hundred times as much memory. */
const REMEMBERED = 150_000;
/** Characters; longer ones are executed as they are. */
const LONGEST = 10_000;

/**
 * Makes functions of the queries that clients send over and over: GraphQL's executor looks at each field of each row anew, which is most of
 * the work where an answer is large. What resolvers do stays the same. A field without a resolver must not be a promise.
 */
export class Compiler {
  readonly #seen = new LRUCache<DocumentNode, Seen>({
    maxSize: REMEMBERED,
    sizeCalculation: (_seen, { loc }) => Math.max(1, loc?.end ?? LONGEST),
  });

  /** What answers an operation, if its document has been compiled. */
  of({ schema, document }: ExecutionArgs): Run | undefined {
    const seen = this.#seen.get(document) ?? { times: 0 };
    if (seen.times === 0) this.#seen.set(document, seen);
    seen.times += 1;
    if (seen.times === OFTEN) {
      const run = compiled(schema, document);
      if (run !== undefined) seen.run = run;
    }
    return seen.run;
  }
}

function compiled(schema: GraphQLSchema, document: DocumentNode): Run | undefined {
  if (!isSuited(schema, document)) return undefined;
  try {
    const query = compileQuery(schema, document, undefined, {});
    if (!isCompiledQuery(query)) return undefined;
    return async ({ rootValue, contextValue, variableValues }) => query.query(rootValue, contextValue, variableValues);
  } catch {
    // What it does not know is executed as it is.
    return undefined;
  }
}

/**
 * One query of a moderate size, which can be asked again where it fails. Objects among its arguments are read otherwise than GraphQL does
 * (a member with a default is taken to be missing), so that it must have none.
 */
function isSuited(schema: GraphQLSchema, document: DocumentNode): boolean {
  const operations = document.definitions.flatMap((part) => (part.kind === Kind.OPERATION_DEFINITION ? [part] : []));
  const [operation] = operations;
  if (operations.length !== 1 || operation?.operation !== OperationTypeNode.QUERY) return false;
  if ((document.loc?.end ?? Infinity) > LONGEST) return false;
  const takesObject = (operation.variableDefinitions ?? []).some(({ type }) => {
    const input = typeFromAST(schema, type as never);
    return input === undefined || isInputObjectType(getNamedType(input));
  });
  if (takesObject) return false;
  let hasOther = false;
  const other = (): typeof BREAK => {
    hasOther = true;
    return BREAK;
  };
  visit(document, {
    ObjectValue: other,
    Field: ({ name }) => (name.value === '__schema' || name.value === '__type' ? other() : undefined),
  });
  return !hasOther;
}
