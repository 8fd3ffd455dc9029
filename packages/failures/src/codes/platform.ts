import type { FailureKind } from '../kind.ts';

export const platformFailures = {
  INTERNAL: {
    cause: 'A defect in Kneepoint: an error that no rule foresaw.',
    cure: 'Report it with the log lines of the run.',
    retryable: true,
  },
  CONFIG_INVALID: {
    cause: 'A setting from the environment is missing or cannot be understood.',
    cure: 'Set the named variable as the message says and start again.',
    retryable: false,
  },
  JSON_INVALID: {
    cause: 'A value that JSON cannot carry, such as NaN, was about to be sent or stored.',
    cure: 'Report it: the part that made the value should have refused or replaced it.',
    retryable: false,
  },
  BUS_SUBJECT_INVALID: {
    cause: 'A message was addressed to something that is not a subject.',
    cure: 'Use tokens of letters, digits, "-" and "_" joined by dots.',
    retryable: false,
  },
  BUS_UNAVAILABLE: {
    cause: 'The message bus did not answer.',
    cure: 'Check that NATS runs with JetStream at BUS_URL; Kneepoint reconnects by itself.',
    retryable: true,
  },
  BUS_MISCONFIGURED: {
    cause:
      'The bus answers but refuses: no JetStream, wrong credentials, or a stream of the same name with other rules.',
    cure: 'Correct the NATS server, the credentials or the stream as the message says.',
    retryable: false,
  },
  STORE_ADDRESS_INVALID: {
    cause: 'An artifact was asked for by something that is not a sha256, or an upload by something that is not its id.',
    cure: 'Use the 64 hexadecimal digits, or the upload id, that Kneepoint handed out.',
    retryable: false,
  },
  STORE_NOT_FOUND: {
    cause: 'The artifact store holds nothing under this sha256 or upload id.',
    cure: 'Import or upload it again; if it was stored before, check that ARTIFACTS_URL names the same store.',
    retryable: false,
  },
  STORE_CORRUPT: {
    cause: 'The bytes in the artifact store, or those that arrived from it, do not match their sha256.',
    cure: 'Try again; if it repeats, delete the artifact and repeat the work that made it.',
    retryable: true,
  },
  STORE_FULL: {
    cause: 'There is no room left where artifacts are kept.',
    cure: 'Free space or enlarge the volume, then retry; nothing half-written was left.',
    retryable: true,
  },
  STORE_UNAVAILABLE: {
    cause: 'The artifact store did not answer, or failed while it was used.',
    cure: 'Check that the folder or the MinIO server at ARTIFACTS_URL can be reached and written.',
    retryable: true,
  },
  STORE_MISCONFIGURED: {
    cause: 'The artifact store answers but refuses: wrong keys, or no right to the bucket.',
    cure: 'Correct the keys in ARTIFACTS_URL or MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or the rights of that user.',
    retryable: false,
  },
  UPLOAD_INVALID: {
    cause: 'What arrived is not what was announced: another size or another sha256.',
    cure: 'Ask for a new upload with the right size and sha256, and send the file again.',
    retryable: false,
  },
  URL_SIGNATURE_INVALID: {
    cause: 'A download or upload address was changed, or signed with another key.',
    cure: 'Ask for a new address and use it as it is.',
    retryable: false,
  },
  URL_EXPIRED: {
    cause: 'A download or upload address is past its time.',
    cure: 'Ask for a new address.',
    retryable: false,
  },
  DATABASE_UNAVAILABLE: {
    cause: 'The database did not answer.',
    cure: 'Check that Postgres runs at DATABASE_URL; Kneepoint reconnects by itself.',
    retryable: true,
  },
  DATABASE_IN_USE: {
    cause: 'The embedded database serves one process, and another one has it.',
    cure: 'Use the server that the message names, stop it, or choose another data folder.',
    retryable: false,
  },
  DATABASE_SCHEMA_MISMATCH: {
    cause: 'The database was changed by other migrations than those of this version.',
    cure: 'Use the version that made the database or a later one, and never edit a migration that was applied.',
    retryable: false,
  },
  PLAN_INVALID: {
    cause: 'The steps of a run do not form a plan: a name used twice, an unknown dependency, or a circle.',
    cure: 'Correct the plan as the message says.',
    retryable: false,
  },
  IDEMPOTENCY_KEY_REUSED: {
    cause: 'An idempotency key was sent again with another request.',
    cure: 'Use a new key for each new request, and the same key only to repeat the same one.',
    retryable: false,
  },
  RUN_NOT_FOUND: {
    cause: 'There is no run with this id.',
    cure: 'Take the id from the list of runs.',
    retryable: false,
  },
  RUN_NOT_RETRYABLE: {
    cause: 'Only a run that failed, was canceled or timed out can be tried again.',
    cure: 'Wait until the run has ended, or launch a new one.',
    retryable: false,
  },
  RUN_NOT_SETTLEABLE: {
    cause:
      'Only a search for the smallest network that keeps a goal can be ended early, and only with a network that it has made.',
    cure: 'Wait until its first round is done; cancel other runs.',
    retryable: false,
  },
  DISK_FULL: {
    cause: 'The disk under the data folder of a process has no room left.',
    cure: 'Free space under KNEEPOINT_DATA_DIR or enlarge its volume, then retry the run; nothing half-written was left.',
    retryable: true,
  },
  WORKER_LOST: {
    cause: 'Workers stopped without a word while they worked on a step: killed, out of memory, or cut off.',
    cure: 'Look at the log and the memory limit of the workers named in the attempts, then retry the run.',
    retryable: true,
  },
  JOB_GIVEN_UP: {
    cause: 'The bus delivered a job as often as it may, and no worker finished it or so much as claimed it.',
    cure: 'Look at the log of the workers of that service: they die at once, or cannot reach the database; then retry the run.',
    retryable: true,
  },
  RETENTION_INVALID: {
    cause: 'An age after which things may be deleted cannot be read, or is too short to be safe.',
    cure: 'Give a number with m, h or d, such as 30d, and at least an hour.',
    retryable: false,
  },
  STEP_KIND_UNKNOWN: {
    cause: 'A worker was given a kind of step that it has no handler for.',
    cure: 'Run the same version of every service.',
    retryable: true,
  },
  STEP_TIMED_OUT: {
    cause: 'A step ran longer than it may.',
    cure: 'Use a faster machine, or give it less to do: fewer images, tasks or epochs, a smaller network.',
    retryable: false,
  },
  OUTGOING_REFUSED: {
    cause:
      'A request to an address that a user named would have gone where none may go, or was answered by a redirect.',
    cure: 'Name a public https or http address; an operator allows others by KNEEPOINT_OUTGOING_ALLOW.',
    retryable: false,
  },
  OUTGOING_FAILED: {
    cause: 'An address that a user named did not answer in time, or not as it should.',
    cure: 'Check that the address answers from where Kneepoint runs, then retry.',
    retryable: true,
  },
} as const satisfies Record<string, FailureKind>;
