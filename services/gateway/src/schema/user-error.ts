import { Failure } from '@kneepoint/failures';
import { Field, ObjectType } from 'type-graphql';
import { tellFailure } from '../domain/tell-failure.ts';

@ObjectType({ description: 'Something that the caller can put right, with the input field that it is about.' })
export class UserError {
  @Field(() => String, { description: 'Tells kinds of failures apart, such as `TASK_UNKNOWN`: see `failureCodes`.' })
  code!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Path of the input field as it was written, such as `input.name` or `id`; null where it is about none.',
  })
  field!: string | null;

  @Field(() => String, { description: 'What was wrong and what would be right.' })
  message!: string;

  @Field(() => Boolean, { description: 'Whether the same request may succeed when it is repeated.' })
  retryable!: boolean;
}

/** A message begins with what it is about, which may be a name or a symbol; a fix begins with a verb. */
function sentence(text: string): string {
  return ended(text.charAt(0).toUpperCase() + text.slice(1));
}

function ended(text: string): string {
  return /[.!?}]$/.test(text) ? text : `${text}.`;
}

/** Runs a mutation; a Failure becomes a user error in the payload, anything else stays an error of the server. */
export async function withUserErrors<T extends object>(
  work: () => Promise<T>,
  empty: T,
): Promise<T & { userErrors: UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'INTERNAL') throw error;
    const { code, message, where = null, fix } = tellFailure(error.toJSON());
    const said = fix ? `${ended(message)} ${sentence(fix)}` : message;
    return { ...empty, userErrors: [{ code, field: where, message: said, retryable: error.retryable }] };
  }
}
