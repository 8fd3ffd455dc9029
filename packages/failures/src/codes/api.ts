import type { FailureKind } from '../kind.ts';

export const apiFailures = {
  ID_INVALID: {
    cause: 'An id is not one that this server gave, or is the id of something else.',
    cure: 'Pass an id as a query returned it.',
    retryable: false,
  },
  RUN_DETAILS_INVALID: {
    cause: 'The name, a label or the metadata of a run are not of the form that they may have.',
    cure: 'Pass a name in one line, labels with a short key and value, and metadata as a small object.',
    retryable: false,
  },
  REPRODUCTION_INVALID: {
    cause: 'What was sent as results of a reproduction is something else, or its members do not agree with each other.',
    cure: 'Send results.json as `kneepoint reproduce` wrote it, from a client of the same version as the server.',
    retryable: false,
  },
  RUN_FILTER_INVALID: {
    cause: 'A filter asks for runs of a time that ends before it begins.',
    cure: 'Pass a later createdBefore, or leave one of the two out.',
    retryable: false,
  },
  PAGE_INVALID: {
    cause: 'A page was asked for with a size or cursor that cannot be.',
    cure: 'Ask for 1 to 100 rows and pass an endCursor unchanged.',
    retryable: false,
  },
  QUERY_TOO_COSTLY: {
    cause:
      'The answer could have more fields than may be asked for at once: pages multiply with what is asked of each row.',
    cure: 'Ask for smaller pages, fewer aliases, or for what lies within of one object at a time.',
    retryable: false,
  },
  ANSWER_TOO_LARGE: {
    cause: 'The answer has more bytes than a gateway gives at once.',
    cure: 'Ask for smaller pages, or for fewer reports at a time.',
    retryable: false,
  },
  OPERATION_TIMED_OUT: {
    cause: 'An operation was not answered within the time that a gateway gives to one.',
    cure: 'Ask for less at a time; ask again later where the database is busy.',
    retryable: true,
  },
  SERVER_BUSY: {
    cause: 'The gateway works on as many operations as it takes at once, and as many wait as may.',
    cure: 'Ask again a second later, or run more gateways.',
    retryable: true,
  },
  RATE_EXCEEDED: {
    cause: 'More was asked for within a minute than one client may.',
    cure: 'Ask again after the seconds that the answer names; ask for less, or less often.',
    retryable: true,
  },
  SUBSCRIPTION_OVERRUN: {
    cause: 'A client took what a subscription had to say more slowly than it came.',
    cure: 'Subscribe again, with a filter or a smaller selection, and read what comes.',
    retryable: true,
  },
  TOO_MANY_SUBSCRIPTIONS: {
    cause: 'A socket, or all of them together, has as many operations as it may.',
    cure: 'End subscriptions that nobody looks at, or open another socket.',
    retryable: true,
  },
  POINTS_INVALID: {
    cause: 'A curve was asked for with too few or too many points.',
    cure: 'Ask for 2 to 1000 points.',
    retryable: false,
  },
  MODELS_COUNT: {
    cause: 'A matrix was asked for with no model or too many.',
    cure: 'Ask for 1 to 50 models.',
    retryable: false,
  },
  TASKS_COUNT: {
    cause: 'An analysis was asked for with an empty list of tasks.',
    cure: 'Name at least one task, or leave the list out for all.',
    retryable: false,
  },
  MODEL_UNKNOWN: { cause: 'No model has this id.', cure: 'List the models and pass the id of one.', retryable: false },
  DATASET_UNKNOWN: {
    cause: 'No data set has this id.',
    cure: 'List the data sets and pass the id of one.',
    retryable: false,
  },
  RUN_UNKNOWN: { cause: 'No run has this id.', cure: 'List the runs and pass the id of one.', retryable: false },
  TASK_UNKNOWN: {
    cause: 'The data set has no task of this name.',
    cure: 'Choose one of the tasks that the message lists.',
    retryable: false,
  },
  LAYER_UNKNOWN: {
    cause: 'The model has no layer of this name that can be read.',
    cure: 'Choose one of the layers that the message lists.',
    retryable: false,
  },
  FILTER_UNKNOWN: {
    cause: 'The layer has no filter of this number.',
    cure: 'Filters are counted from 0: ask for one of those that the message names, or leave the number out.',
    retryable: false,
  },
  BINS_INVALID: {
    cause: 'Responses were asked for in too few or too many bins of labels, or with too many images.',
    cure: 'Ask for 2 to 50 bins and 0 to 12 images.',
    retryable: false,
  },
  ANALYSIS_MISSING: {
    cause: 'The model was not analysed for this task on this data set.',
    cure: 'Launch an analysis and wait until it has succeeded.',
    retryable: false,
  },
  ARTIFACT_UNKNOWN: {
    cause: 'An artifact that a result refers to is not recorded any more.',
    cure: 'Launch the run again to make it anew.',
    retryable: false,
  },
  EPSILON_INVALID: {
    cause: 'ε is not between 0 and 1, or the list of ε is empty, too long or repeats itself.',
    cure: 'Pass numbers greater than 0 and less than 1, such as 0.01.',
    retryable: false,
  },
  MIN_FILTERS_INVALID: {
    cause: 'The least number of filters per layer is below 1.',
    cure: 'Pass 1 or more.',
    retryable: false,
  },
  TARGET_INVALID: {
    cause: 'A target does not say what share shall go, or what may be left, or says both; or it is there twice.',
    cure: 'Pass a share to remove between 0 and 1, or a figure above 0 that may be left.',
    retryable: false,
  },
  GOAL_INVALID: {
    cause: 'What a small network shall keep, the rounds of its search or the seed of its split are out of bounds.',
    cure: 'Pass a share above 0 and at most 1, or a difference from 0 on; 1 to 12 rounds; a whole number as seed.',
    retryable: false,
  },
  TARGET_NEEDS_RUN: {
    cause: 'A plan was asked for with a target that is met by what is measured on images, or by timing networks.',
    cure: 'Prune with this target, or plan by lasso with one of MACs, parameters or bytes.',
    retryable: false,
  },
  CRITERION_NEEDS_RUN: {
    cause: 'A plan was asked for by a criterion that reads weights or images, which a dry run does not open.',
    cure: 'Prune by this criterion, or plan by lasso or random.',
    retryable: false,
  },
  PLAN_OPTION_INVALID: {
    cause: 'An option of a plan is outside of what it may be.',
    cure: 'Pass a value within the bounds that the message names.',
    retryable: false,
  },
  PLAN_OPTIONS_CONFLICT: {
    cause: 'Options of a plan exclude each other, or one that is needed is missing.',
    cure: 'Leave out the one that the message names.',
    retryable: false,
  },
  NAME_INVALID: {
    cause: 'A name has characters that names must not have, or is empty or too long.',
    cure: 'Use letters, digits, spaces, dots, dashes and underscores; 100 characters at most.',
    retryable: false,
  },
  NAME_TAKEN: {
    cause: 'A model or data set was to get a name that another one bears.',
    cure: 'Choose another name, or rename or remove the other one first.',
    retryable: false,
  },
  NAME_AMBIGUOUS: {
    cause: 'Several models or data sets have the name, or begin with the digits, that a command was given.',
    cure: 'Say which by NAME@DIGEST or by its id, as the message lists them; rename or remove what is not meant.',
    retryable: false,
  },
  MODEL_IN_USE: {
    cause: 'A model cannot be removed while a run that has not ended uses it.',
    cure: 'Cancel the run, or wait until it has ended.',
    retryable: false,
  },
  DATASET_IN_USE: {
    cause: 'A data set cannot be removed while a run that has not ended uses it.',
    cure: 'Cancel the run, or wait until it has ended.',
    retryable: false,
  },
  SOURCE_INVALID: {
    cause: 'A registration names no bytes, or names them twice.',
    cure: 'Upload the bytes and pass their SHA-256.',
    retryable: false,
  },
  LOCAL_PATH_REFUSED: {
    cause: 'A registration names a path, and this server reads none.',
    cure: 'Upload the bytes: createUpload, PUT, completeUpload.',
    retryable: false,
  },
  UPLOAD_SIZE: {
    cause: 'An upload was announced with no bytes or too many.',
    cure: 'Announce the true size, at most 64 GiB.',
    retryable: false,
  },
  RUNS_TOO_MANY: {
    cause: 'The project has as many runs that have not ended as it may have.',
    cure: 'Wait until some have ended, or cancel some.',
    retryable: true,
  },
  UPLOAD_LIMIT: {
    cause: 'One principal announced more uploads, or more bytes, than it may before it completes some.',
    cure: 'Complete uploads that were begun, or wait until they expire.',
    retryable: true,
  },
  UPLOAD_UNDER_CHECK: {
    cause: 'A large file that arrived is still being compared with its SHA-256.',
    cure: 'Complete the upload again in a moment.',
    retryable: true,
  },
  GATEWAY_UNREACHABLE: {
    cause: 'No gateway answers at the address.',
    cure: 'Start one with `kneepoint up`, or name another with --url.',
    retryable: true,
  },
  GATEWAY_ANSWER_INVALID: {
    cause: 'Something else than a gateway answers at the address, such as the page of a proxy or of a login.',
    cure: 'Correct the address, or let the proxy hand on everything below it; /graphql is what is asked.',
    retryable: true,
  },
  REQUEST_INVALID: {
    cause: 'The server did not understand a request.',
    cure: 'Use a client of the same version as the server.',
    retryable: false,
  },
  RUN_ENDED: {
    cause: 'A run ended without a result and without a failure of its own.',
    cure: 'Look at the run; launch it again.',
    retryable: true,
  },
  UPLOAD_REFUSED: {
    cause: 'The artifact store refused an upload.',
    cure: "Try again; if it stays so, the store's log says why.",
    retryable: true,
  },
  DOWNLOAD_FAILED: { cause: 'An artifact did not arrive whole.', cure: 'Ask again.', retryable: true },
  RATIO_INVALID: {
    cause: 'A ratio is not between 0 and 1.',
    cure: 'Pass a number greater than 0 and less than 1.',
    retryable: false,
  },
  SIZE_INVALID: {
    cause: 'A size of images is not height x width in pixels.',
    cure: 'Pass two whole numbers joined by x, such as 224x224, or one for both, such as 224.',
    retryable: false,
  },
  BATCH_INVALID: {
    cause: 'A batch size is neither a whole number nor "free".',
    cure: 'Pass free, or a whole number, 1 or more.',
    retryable: false,
  },
  SEED_INVALID: { cause: 'A seed is not an integer.', cure: 'Pass an integer.', retryable: false },
  CONFIG_NOT_SHARED: {
    cause: 'A service was started by itself with a database, bus or store that lives inside one process.',
    cure: 'Name shared ones by DATABASE_URL, BUS_URL and ARTIFACTS_URL, or run everything with `kneepoint up`.',
    retryable: false,
  },
  DATASET_PATH: {
    cause: 'The folder of a data set cannot be read.',
    cure: 'Name a folder with labels.csv or labels.jsonl and its images.',
    retryable: false,
  },
  ONNX_BATCH_FIXED: {
    cause: 'The batch size is baked into the model in a way that cannot be undone safely.',
    cure: 'Export the model with a dynamic batch axis.',
    retryable: false,
  },
  JSON_FILE_INVALID: {
    cause: 'A file that should hold JSON cannot be read or does not.',
    cure: 'Name a file with JSON in it.',
    retryable: false,
  },
  WEBHOOK_INVALID: {
    cause: 'A webhook was asked for with an address, a choice of events or a secret that it cannot have.',
    cure: 'Pass a public https or http address, and types, kinds and labels as the schema has them.',
    retryable: false,
  },
  WEBHOOK_UNKNOWN: {
    cause: 'No webhook of this project has this id.',
    cure: 'List the webhooks and pass the id of one.',
    retryable: false,
  },
  WEBHOOKS_TOO_MANY: {
    cause: 'The project has as many webhooks as one may have.',
    cure: 'Delete one, or let one receiver hand on what it gets.',
    retryable: false,
  },
  DELIVERY_UNKNOWN: {
    cause: 'No delivery of this project has this id; old ones are collected.',
    cure: 'List the deliveries of a webhook and pass the id of one.',
    retryable: false,
  },
  WEBHOOK_REFUSED: {
    cause: 'The receiver of a webhook answered with another status than 2xx.',
    cure: 'Look at the answer in the deliveries of the webhook, and at the log of the receiver; the event is sent again.',
    retryable: true,
  },
  WEBHOOK_SECRET_UNREADABLE: {
    cause: 'The secret that signs a webhook was sealed with a key that the gateway does not have.',
    cure: 'Name that key in KNEEPOINT_SECRETS_KEY, after the one in use, or rotate the secret of the webhook.',
    retryable: false,
  },
} as const satisfies Record<string, FailureKind>;
