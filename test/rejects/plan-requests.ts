import { type BadRequest, compress, mutation, query } from './senders.ts';

/** What is asked beside the plan, and what is different in the plan. */
const prune = (change: object, plan: object = {}) =>
  mutation('launchPrune', ({ model, dataset }) => ({ model, dataset, plan: { task: 'score', ...plan }, ...change }));

const plan = (change: object, planned: object = {}) =>
  query(
    'query($input: CompressionPlanInput!) { compressionPlan(input: $input) { bestLayer } }',
    ({ model, dataset }) => ({ input: { model, dataset, plan: { task: 'score', ...planned }, ...change } }),
  );

const SHARE = 'Pass a share to remove between 0 and 1, such as 0.6, or a figure above 0 that may be left.';

/** What may not be asked of a plan: targets, criteria, several tasks, tasks to avoid. */
export const BAD_PLAN_REQUESTS: readonly BadRequest[] = [
  {
    name: 'a target that removes everything',
    send: prune({ targets: [{ kind: 'MACS', remove: 1 }] }),
    code: 'TARGET_INVALID',
    message: `the share to remove is 1. ${SHARE}`,
    where: 'targets',
  },
  {
    name: 'a target in percent',
    send: prune({ targets: [{ kind: 'MACS', remove: 60 }] }),
    code: 'TARGET_INVALID',
    message: `the share to remove is 60. ${SHARE}`,
    where: 'targets',
  },
  {
    name: 'a target of nothing',
    send: prune({ targets: [{ kind: 'PARAMETERS', atMost: 0 }] }),
    code: 'TARGET_INVALID',
    message: `what may be left is 0. ${SHARE}`,
    where: 'targets',
  },
  {
    name: 'a target that says two things',
    send: prune({ targets: [{ kind: 'BYTES', atMost: 1000, remove: 0.5 }] }),
    code: 'TARGET_INVALID',
    message: `exactly one of remove and atMost is needed. ${SHARE}`,
    where: 'targets',
  },
  {
    name: 'one target twice',
    send: prune({
      targets: [
        { kind: 'MACS', remove: 0.5 },
        { kind: 'MACS', remove: 0.5 },
      ],
    }),
    code: 'TARGET_INVALID',
    message: 'MACs −50 % is there twice. Pass each target once.',
    where: 'targets',
  },
  {
    name: 'neither ε nor target',
    send: prune({}),
    code: 'EPSILON_INVALID',
    message: 'epsilons has 0 entries. Pass 1 to 20 different values between 0 and 1.',
    where: 'epsilons',
  },
  {
    name: 'a plan with ε and target',
    send: plan({ epsilon: 0.01, target: { kind: 'MACS', remove: 0.5 } }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: 'exactly one of epsilon and target is needed',
    where: 'epsilon',
  },
  {
    name: 'a plan with a latency, which nobody has timed',
    send: plan({ target: { kind: 'LATENCY', atMost: 2 } }),
    code: 'TARGET_NEEDS_RUN',
    message: 'no plan knows the latency of a network before it was timed',
    where: 'target',
  },
  {
    name: 'a plan by a criterion that reads weights',
    send: plan({ epsilon: 0.01 }, { criterion: 'L1' }),
    code: 'CRITERION_NEEDS_RUN',
    message: 'a plan opens neither weights nor images, which l1 ranks by',
    where: 'plan.criterion',
  },
  {
    name: 'an ε for one layer beside a target',
    send: prune({ targets: [{ kind: 'MACS', remove: 0.5 }] }, { layerEpsilon: [{ layer: 'conv1', epsilon: 0.1 }] }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: 'an ε for single layers is of no use to a target. Leave it out, or pass an ε.',
    where: 'plan.layerEpsilon',
  },
  {
    name: 'a least number of filters for a layer that is not there',
    send: prune({ epsilons: [0.01] }, { layerMinFilters: [{ layer: 'conv9', minFilters: 2 }] }),
    code: 'LAYER_UNKNOWN',
    message: '"good" has no layer "conv9" that can be read. Choose one of: conv1, conv2.',
    where: 'plan.layerMinFilters',
  },
  {
    name: 'fewer than one filter for a layer',
    send: prune({ epsilons: [0.01] }, { layerMinFilters: [{ layer: 'conv1', minFilters: -1 }] }),
    code: 'MIN_FILTERS_INVALID',
    message: 'minFilters is -1. Pass 1 or more.',
    where: 'plan.layerMinFilters',
  },
  {
    name: 'a multiple of nothing',
    send: prune({ epsilons: [0.01] }, { roundTo: 0 }),
    code: 'PLAN_OPTION_INVALID',
    message: 'roundTo is 0. Pass a whole number from 1 to 1024, such as 8.',
    where: 'plan.roundTo',
  },
  {
    name: 'a grid that no head reads',
    send: prune({ epsilons: [0.01] }, { pool: 3 }),
    code: 'PLAN_OPTION_INVALID',
    message: 'pool is 3. Pass 1 for the mean over all positions, or 2 for a 2 × 2 grid.',
    where: 'plan.pool',
  },
  {
    name: 'a criterion that is none',
    send: compress({ compare: ['ENTROPY'] }),
    code: 'BAD_USER_INPUT',
    message:
      'Variable "$input" got invalid value "ENTROPY" at "input.compare[0]"; Value "ENTROPY" does not exist in "Criterion" enum.',
    where: null,
  },
  {
    name: 'no task at all',
    send: prune({ epsilons: [0.01] }, { task: null }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: 'exactly one of task and tasks is needed. Pass one task, or a list of several.',
    where: 'plan.task',
  },
  {
    name: 'a task and tasks',
    send: prune({ epsilons: [0.01] }, { tasks: ['score'] }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: 'exactly one of task and tasks is needed. Pass one task, or a list of several.',
    where: 'plan.task',
  },
  {
    name: 'several tasks, one of which is not there',
    send: prune({ epsilons: [0.01] }, { task: null, tasks: ['score', 'age'] }),
    code: 'TASK_UNKNOWN',
    message: 'data set "good" has no task "age". Choose one of: who, score.',
    where: 'plan.tasks',
  },
  {
    name: 'a task to avoid that is not there',
    send: prune({ epsilons: [0.01] }, { avoidTasks: ['age'] }),
    code: 'TASK_UNKNOWN',
    message: 'data set "good" has no task "age". Choose one of: who, score.',
    where: 'plan.avoidTasks',
  },
  {
    name: 'a task that is wanted and to be avoided',
    send: prune({ epsilons: [0.01] }, { avoidTasks: ['score'] }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: '"score" is wanted and to be avoided. Leave it out of one of them.',
    where: 'plan.avoidTasks',
  },
  {
    name: 'a strength without a task to avoid',
    send: prune({ epsilons: [0.01] }, { avoidStrength: 2 }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message: 'avoidStrength is of no use without avoidTasks. Name tasks to avoid.',
    where: 'plan.avoidStrength',
  },
  {
    name: 'a strength below nothing',
    send: prune({ epsilons: [0.01] }, { avoidTasks: ['who'], avoidStrength: -1 }),
    code: 'PLAN_OPTION_INVALID',
    message: 'avoidStrength is -1. Pass a number above 0, 100 at most.',
    where: 'plan.avoidStrength',
  },
  {
    name: 'a task avoided by a criterion that does not read it',
    send: prune({ epsilons: [0.01] }, { avoidTasks: ['who'], criterion: 'L1' }),
    code: 'PLAN_OPTIONS_CONFLICT',
    message:
      'tasks are avoided by their curves, which the criterion l1 does not read. Leave them out, or rank by LASSO.',
    where: 'plan.avoidTasks',
  },
];
