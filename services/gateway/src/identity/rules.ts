import type { Role } from '@kneepoint/platform';

/** Who may ask for a field of the roots. */
export interface Rule {
  /** The least role in the project that the request works in. */
  readonly least: Role;
  /** Only those whose role holds in every project. */
  readonly everywhere?: true;
}

const VIEWER: Rule = { least: 'viewer' };
const OPERATOR: Rule = { least: 'operator' };
const ADMIN: Rule = { least: 'admin' };

/** The one place that says who may do what: every field of Query, Mutation and Subscription has a line here, or the gateway does not start. */
export const RULES: Readonly<Record<'Query' | 'Mutation' | 'Subscription', Readonly<Record<string, Rule>>>> = {
  Query: {
    artifact: VIEWER,
    auditLog: ADMIN,
    characteristicCurves: VIEWER,
    compressionFrontier: VIEWER,
    compressionPlan: VIEWER,
    dataset: VIEWER,
    datasets: VIEWER,
    failureCodes: VIEWER,
    filterResponses: VIEWER,
    filterUse: VIEWER,
    model: VIEWER,
    models: VIEWER,
    networkInput: VIEWER,
    node: VIEWER,
    projects: VIEWER,
    run: VIEWER,
    runs: VIEWER,
    taskRelationships: VIEWER,
    tokens: ADMIN,
    viewer: VIEWER,
    webhook: ADMIN,
    webhooks: ADMIN,
  },
  Mutation: {
    cancelRun: OPERATOR,
    completeUpload: OPERATOR,
    createProject: { least: 'admin', everywhere: true },
    createToken: ADMIN,
    createUpload: OPERATOR,
    createWebhook: ADMIN,
    deleteWebhook: ADMIN,
    launchAnalysis: OPERATOR,
    launchBenchmark: OPERATOR,
    launchCompression: OPERATOR,
    launchFinetune: OPERATOR,
    launchPackage: OPERATOR,
    launchPrune: OPERATOR,
    redeliver: ADMIN,
    registerDataset: OPERATOR,
    registerModel: OPERATOR,
    registerReproduction: OPERATOR,
    removeDataset: ADMIN,
    removeModel: ADMIN,
    renameDataset: ADMIN,
    renameModel: ADMIN,
    retryRun: OPERATOR,
    revokeToken: ADMIN,
    rotateWebhookSecret: ADMIN,
    settleCompression: OPERATOR,
    testWebhook: ADMIN,
    updateWebhook: ADMIN,
    updateRun: OPERATOR,
  },
  Subscription: { runsUpdated: VIEWER, runUpdated: VIEWER },
};
