import type { Role } from '@kneepoint/platform';
import { Arg, Args, Ctx, Field, ID, InputType, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import {
  listAudit,
  listProjects,
  listTokens,
  makeProject,
  makeToken,
  revokeToken,
  viewerOf,
} from '../domain/access.ts';
import type { Page } from '../domain/pages.ts';
import type { Principal } from '../identity/principal.ts';
import { enumeration } from './enumeration.ts';
import { connectionOf, PageArgs } from './page-info.ts';
import { DateTime } from './scalars.ts';
import { UserError, withUserErrors } from './user-error.ts';

const RoleName = enumeration(
  'Role',
  'What somebody may do in a project. Each may do all that those before it may.',
  { VIEWER: 'viewer', OPERATOR: 'operator', ADMIN: 'admin' } as const satisfies Readonly<Record<string, Role>>,
  {
    VIEWER: 'Sees everything of the project.',
    OPERATOR: 'Uploads, registers, launches and ends.',
    ADMIN: 'Renames and removes, makes tokens, and sees who did what.',
  },
);

const ViewerKind = enumeration(
  'ViewerKind',
  'How somebody is known.',
  { TOKEN: 'token', OIDC: 'oidc', LOCAL: 'local' } as const satisfies Readonly<Record<string, Principal['kind']>>,
  {
    TOKEN: 'By an API token.',
    OIDC: 'By an OpenID Connect provider that vouches for them.',
    LOCAL: 'By sitting at the machine of an embedded server.',
  },
);

@ObjectType({ description: 'Who asks.' })
export class Viewer {
  @Field(() => String, { description: 'The name of the token, or of the person.' })
  name!: string;

  @Field(() => ViewerKind, { description: 'How they are known.' })
  kind!: Principal['kind'];

  @Field(() => RoleName, { description: 'What they may do in the project.' })
  role!: Role;

  @Field(() => String, { description: 'Name of the project that this request works in.' })
  project!: string;

  @Field(() => Boolean, { description: 'Whether the role holds in every project.' })
  everywhere!: boolean;
}

@ObjectType({ description: 'What belongs to one project is not there for those who work in another.' })
export class Project {
  @Field(() => String, { description: 'What people and requests call it; no two have the same.' })
  name!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;
}

@ObjectType({ description: 'An API token, without its secret.' })
export class Token {
  @Field(() => ID, { description: 'The part of the token that is no secret.' })
  id!: string;

  @Field(() => String, { description: 'Who or what holds it.' })
  name!: string;

  @Field(() => RoleName, { description: 'What its holder may do.' })
  role!: Role;

  @Field(() => String, { nullable: true, description: 'Name of its project; null: every project.' })
  project!: string | null;

  @Field(() => String, { nullable: true, description: 'Name of who made it; null where nobody was asked.' })
  createdBy!: string | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; null: never.' })
  expiresAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When somebody ended it; null: not yet.' })
  revokedAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt!: Date | null;
}

@ObjectType({ description: 'A mutation that somebody asked for, whether it was done or refused.' })
export class AuditEntry {
  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt!: Date;

  @Field(() => String, { description: 'Id of who asked: of a token, or of a person at the issuer.' })
  principal!: string;

  @Field(() => String, { description: 'Name of who asked.' })
  principalName!: string;

  @Field(() => String, { nullable: true, description: 'Id of the request, which the log has, too.' })
  requestId!: string | null;

  @Field(() => String, {
    description: 'The field of Mutation; `turnWebhookOff` where the server turned a webhook off by itself.',
  })
  operation!: string;

  @Field(() => [String], { description: 'Ids, names and digests of what it was about, and of what it made.' })
  subjects!: readonly string[];

  @Field(() => String, { description: 'OK, or the code of the failure.' })
  outcome!: string;
}

@InputType({ description: 'What the token shall be allowed.' })
export class CreateTokenInput {
  @Field(() => String, { description: 'Who or what will hold it.' })
  name!: string;

  @Field(() => RoleName, { description: 'What its holder may do; no more than whoever makes it.' })
  role!: Role;

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; never when absent.' })
  expiresAt?: Date;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'For every project, instead of the one that this request works in; only by those who have that themselves.',
  })
  everywhere?: boolean;
}

@ObjectType({ description: 'The new token, or why it was refused.' })
export class CreateTokenPayload {
  @Field(() => Token, { nullable: true, description: 'Null where it was refused.' })
  token!: Token | null;

  @Field(() => String, { nullable: true, description: 'What its holder sends. It is told once, and kept nowhere.' })
  secret!: string | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'The token that has ended, or why it was refused.' })
export class RevokeTokenPayload {
  @Field(() => Token, { nullable: true, description: 'Null where it was refused.' })
  token!: Token | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

@ObjectType({ description: 'The new project, or why it was refused.' })
export class CreateProjectPayload {
  @Field(() => Project, { nullable: true, description: 'Null where it was refused.' })
  project!: Project | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty where it was done.' })
  userErrors!: UserError[];
}

const ProjectConnection = connectionOf('Project', () => Project);
const TokenConnection = connectionOf('Token', () => Token);
const AuditConnection = connectionOf('AuditEntry', () => AuditEntry);

@Resolver()
export class IdentityResolver {
  @Query(() => Viewer, { description: 'Who asks, and with which role in which project.' })
  viewer(@Ctx() context: Context): Viewer {
    return viewerOf(context);
  }

  @Query(() => ProjectConnection, {
    description: 'The project that the request works in; all of them for those whose role holds in every project.',
  })
  projects(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Project>> {
    return listProjects(context, page);
  }

  @Query(() => TokenConnection, { description: 'API tokens of the project, revoked ones too; newest first.' })
  tokens(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<Token>> {
    return listTokens(context, page);
  }

  @Query(() => AuditConnection, {
    description: 'Who asked for which change in the project, and what came of it; newest first.',
  })
  auditLog(@Ctx() context: Context, @Args(() => PageArgs) page: PageArgs): Promise<Page<AuditEntry>> {
    return listAudit(context, page);
  }

  @Mutation(() => CreateTokenPayload, { description: 'Makes an API token for the project.' })
  createToken(
    @Ctx() context: Context,
    @Arg('input', () => CreateTokenInput, { description: 'What the token shall be allowed.' }) input: CreateTokenInput,
  ): Promise<CreateTokenPayload> {
    return withUserErrors<{ token: Token | null; secret: string | null }>(() => makeToken(context, input), {
      token: null,
      secret: null,
    });
  }

  @Mutation(() => RevokeTokenPayload, {
    description: 'Ends a token for good; whoever uses it is cut off within seconds, what they launched goes on.',
  })
  revokeToken(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the token.' }) id: string,
  ): Promise<RevokeTokenPayload> {
    return withUserErrors<{ token: Token | null }>(async () => ({ token: await revokeToken(context, id) }), {
      token: null,
    });
  }

  @Mutation(() => CreateProjectPayload, {
    description: 'Makes a project: for those whose role holds in every project.',
  })
  createProject(
    @Ctx() context: Context,
    @Arg('name', () => String, { description: 'What it shall be called; no two have the same name.' }) name: string,
  ): Promise<CreateProjectPayload> {
    return withUserErrors<{ project: Project | null }>(async () => ({ project: await makeProject(context, name) }), {
      project: null,
    });
  }
}
