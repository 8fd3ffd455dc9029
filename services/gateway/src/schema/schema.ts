import 'reflect-metadata';
import type { GraphQLSchema, OperationTypeNode } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import { answerAtOnce } from './answer-at-once.ts';
import { ArtifactResolver } from './artifact.ts';
import { CurveResolver } from './curves.ts';
import { DatasetResolver } from './dataset.ts';
import { FailureCodeResolver } from './failure-code.ts';
import { FilterResponsesResolver } from './filter-responses.ts';
import { FilterUseResolver } from './filter-use.ts';
import { IdentityResolver } from './identity.ts';
import { ModelResolver } from './model.ts';
import { MutationResolver } from './mutations.ts';
import { nameInputFields } from './name-input-fields.ts';
import { NetworkInputResolver } from './network-input.ts';
import { NodeResolver } from './node-query.ts';
import { FrontierResolver } from './frontier.ts';
import { PlanResolver } from './plan.ts';
import { RelationshipResolver } from './relationships.ts';
import { ReportResolver } from './report.ts';
import { PackageResolver } from './package.ts';
import { ReproductionResolver } from './reproduction.ts';
import { RunResolver, StepResolver } from './run.ts';
import { CompressionResolver, PruningResolver, RunResultsResolver } from './run-results.ts';
import { SubscriptionResolver } from './subscription.ts';
import { TrainingMutationResolver } from './training-mutations.ts';
import { WebhookResolver } from './webhook.ts';

/** The executable schema. A new query or mutation is a resolver in this folder and a line here. */
export function createSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      ArtifactResolver,
      CurveResolver,
      DatasetResolver,
      FailureCodeResolver,
      FilterResponsesResolver,
      FilterUseResolver,
      IdentityResolver,
      ModelResolver,
      MutationResolver,
      NetworkInputResolver,
      NodeResolver,
      FrontierResolver,
      PlanResolver,
      RelationshipResolver,
      ReportResolver,
      PackageResolver,
      ReproductionResolver,
      RunResolver,
      RunResultsResolver,
      PruningResolver,
      CompressionResolver,
      StepResolver,
      SubscriptionResolver,
      TrainingMutationResolver,
      WebhookResolver,
    ],
    // Inputs are bounded where they are used, with coded errors; class-validator would add a second way.
    validate: false,
    pubSub: UNUSED_PUBSUB,
  });
  for (const [operation, description] of Object.entries(ROOTS)) {
    const root = schema.getRootType(operation as OperationTypeNode);
    if (root) root.description = description;
  }
  answerAtOnce(schema, 'Run', new RunResolver(), 'steps', 'attempts');
  answerAtOnce(schema, 'Step', new StepResolver(), 'attempts');
  return nameInputFields(schema);
}

/** The roots are no classes that could be described where they are declared. */
const ROOTS: Readonly<Record<`${OperationTypeNode}`, string>> = {
  query: 'What can be asked for; nothing is changed by it.',
  mutation:
    'What can be changed. What the caller can put right comes back in `userErrors`, the rest as errors of the request.',
  subscription: 'What can be followed over a WebSocket (graphql-transport-ws).',
};

/** type-graphql asks for one although every subscription here has a source of its own. */
const UNUSED_PUBSUB: PubSub = {
  publish: () => unused(),
  subscribe: () => unused(),
};

function unused(): never {
  throw new Error('subscriptions name their own source');
}
