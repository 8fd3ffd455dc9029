import { Failure } from '@kneepoint/failures';

export function runNotFound(runId: string): Failure {
  return new Failure('RUN_NOT_FOUND', `there is no run ${runId}`, {
    where: runId,
    fix: 'list the runs and take an id',
  });
}
