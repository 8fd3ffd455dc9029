import { Failure } from '@kneepoint/failures';
import { execute, type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import type { Context } from '../context.ts';
import { isLarger } from './answer-size.ts';
import { Compiler } from './compiler.ts';
import { costOf } from './cost.ts';
import { Gate, type Visitor } from './gate.ts';
import type { Limits } from './limits.ts';

/** Executes a query or mutation within the limits of one operation; what breaks one of them is an answer without data. */
export type Executor = (operation: ExecutionArgs) => Promise<ExecutionResult>;

/** Of the most that one operation may cost: two of the dearest never keep everybody waiting together. */
const WEIGHT_AT_ONCE = 1.5;

export function createExecutor(
  limits: Pick<Limits, 'atOnce' | 'waiting' | 'milliseconds' | 'bytes' | 'cost'>,
): Executor {
  const gate = new Gate({ ...limits, weight: limits.cost * WEIGHT_AT_ONCE });
  const compiler = new Compiler();
  const answer = async (operation: ExecutionArgs): Promise<ExecutionResult> => {
    const result = await compiler
      .of(operation)?.(operation)
      .catch(() => undefined);
    // Errors are to be GraphQL's own, with all that is told of them: a query that has some is asked once more.
    return result === undefined || result.errors !== undefined ? execute(operation) : result;
  };
  return async (operation) => {
    const started = performance.now();
    try {
      const leave = await gate.enter(visitorOf(operation), limits.milliseconds);
      const working = answer(operation);
      // Its place is free when it has ended, not when nobody waits for it any more.
      void working.finally(leave).catch(() => undefined);
      const result = await within(working, limits.milliseconds - (performance.now() - started), limits.milliseconds);
      if (isLarger(result.data, limits.bytes)) throw tooLarge(limits.bytes);
      return result;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { errors: [new GraphQLError(error.message, { originalError: error })] };
    }
  };
}

/** Who asks, and how much it is: what costs much is worked on one after the other, while what costs little goes on beside it. */
function visitorOf({ schema, document, operationName, variableValues, contextValue }: ExecutionArgs): Visitor {
  const { principal } = (contextValue ?? {}) as Partial<Pick<Context, 'principal'>>;
  const { fields } = costOf({ schema, document, operationName, variables: variableValues });
  return { tenant: principal?.project.id ?? '', weight: fields };
}

function within<T>(work: Promise<T>, leftMs: number, wholeMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut(wholeMs)), Math.max(0, leftMs));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function timedOut(milliseconds: number): Failure {
  return new Failure('OPERATION_TIMED_OUT', `no answer was found within ${milliseconds / 1000} s`, {
    fix: 'Ask for less at a time, or again later.',
  });
}

function tooLarge(bytes: number): Failure {
  return new Failure('ANSWER_TOO_LARGE', `the answer has more than ${bytes / 2 ** 20} MB`, {
    fix: 'Ask for smaller pages, or for fewer reports at a time.',
  });
}
