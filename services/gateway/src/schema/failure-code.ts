import { type FailureCode, FAILURES } from '@kneepoint/failures';
import { Field, ObjectType, Query, Resolver } from 'type-graphql';

@ObjectType('FailureCode', {
  description: 'A code by which failures can be told apart: what it means and what to do about it.',
})
export class FailureCodeView {
  @Field(() => String, { description: 'Such as `TASK_UNKNOWN`.' })
  code!: FailureCode;

  @Field(() => String, { description: 'One sentence: what went wrong.' })
  cause!: string;

  @Field(() => String, { description: 'One sentence: what to do about it.' })
  cure!: string;

  @Field(() => Boolean, { description: 'Whether the same work may succeed when it is repeated unchanged.' })
  retryable!: boolean;
}

/**
 * Codes are strings with a registry, no enumeration: what failed long ago may have a code that this version has no more, a new code must break no
 * client that was generated before it, and errors of GraphQL's own have codes of GraphQL's own.
 */
const CODES: readonly FailureCodeView[] = Object.entries(FAILURES)
  .map(([code, { cause, cure, retryable }]) => ({ code: code as FailureCode, cause, cure, retryable }))
  .sort((a, b) => (a.code < b.code ? -1 : 1));

@Resolver()
export class FailureCodeResolver {
  @Query(() => [FailureCodeView], {
    description:
      'Every code that `failure.code`, `userErrors.code` and `extensions.code` of an error may have, beside those of GraphQL itself. New ones may come with any version.',
  })
  failureCodes(): readonly FailureCodeView[] {
    return CODES;
  }
}
