import { Field, InputType, ObjectType } from 'type-graphql';
import { Json } from './scalars.ts';

@ObjectType({ description: 'Something by which runs are told apart or found again.' })
export class Label {
  @Field(() => String, { description: 'What the label is about, such as "team".' })
  key!: string;

  @Field(() => String, { description: 'What it says, such as "vision".' })
  value!: string;
}

@InputType({ description: 'Something by which runs are told apart or found again.' })
export class LabelInput {
  @Field(() => String, {
    description:
      'What the label is about, such as "team": 1 to 63 letters, digits and . / _ -, the first and last a letter or digit.',
  })
  key!: string;

  @Field(() => String, { description: 'What it says, such as "vision": 200 characters at most.' })
  value!: string;
}

@InputType({ description: 'What people say of a run. It changes nothing of what is computed.' })
export class RunDetailsInput {
  @Field(() => String, { nullable: true, description: 'What people call the run: 1 to 200 characters in one line.' })
  name?: string | null;

  @Field(() => [LabelInput], {
    nullable: true,
    description: 'Up to 32 labels, no key twice. They replace those before.',
  })
  labels?: LabelInput[] | null;

  @Field(() => Json, {
    nullable: true,
    description: 'Whatever shall be found again with the run: an object of at most 16 KiB as JSON.',
  })
  metadata?: object | null;
}
