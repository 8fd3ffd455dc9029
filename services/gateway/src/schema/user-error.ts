import { Failure } from '@kneepoint/failures';
import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Something that the caller can put right, with the input field that it is about.' })
export class UserError {
  @Field(() => String)
  code!: string;

  @Field(() => String, { nullable: true })
  field!: string | null;

  @Field(() => String, { description: 'What was wrong and what would be right.' })
  message!: string;
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
    const message = error.fix ? `${error.message}. ${error.fix}` : error.message;
    return { ...empty, userErrors: [{ code: error.code, field: error.where ?? null, message }] };
  }
}
