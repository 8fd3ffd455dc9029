import { Failure } from '@kneepoint/failures';
import type { DeadLetter } from '../../bus/bus.ts';
import { deadLetters } from '../../metrics/metrics.ts';
import { giveUpAttempt } from '../end-attempt.ts';
import { parseJobMessage } from '../job-message.ts';
import { tellCancel, tellChange } from '../run-events.ts';
import type { Reconciliation } from './reconciliation.ts';

/**
 * A job that the bus has given up: the attempt that it stood for fails, so that the step is tried anew or the run ends and says why,
 * instead of waiting for a delivery that will not come. A step that a worker holds is left to its lease.
 */
export async function endGivenUp({ db, bus, log }: Reconciliation, letter: DeadLetter): Promise<void> {
  const { service, reason, deliveries, job } = letter;
  deadLetters.inc({ service, reason });
  const message = parseJobMessage(job?.message);
  if (message === undefined) {
    log?.error({ queue: service, reason, deliveries, job }, 'a job was given up that names no step');
    return;
  }
  const failure = new Failure('JOB_GIVEN_UP', `no worker took the job, although it was delivered ${deliveries} times`, {
    where: `queue ${service}, job ${job!.id}`,
    fix: `look at the log of the ${service} workers: they end before they claim it, or cannot reach the database`,
  });
  const change = await giveUpAttempt(db, message, failure);
  const context = { run: message.runId, step: message.stepId, attempt: message.attempt };
  log?.error({ ...context, queue: service, reason, deliveries, changed: change?.value ?? false }, 'job given up');
  tellChange(bus, message.runId, change?.seq);
  if (change?.state === 'FAILED') tellCancel(bus, message.runId);
}
