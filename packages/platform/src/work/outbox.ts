import type { Transaction } from '../database/client.ts';
import { traceHeaders } from '../tracing/spans.ts';
import type { JobMessage } from './job-message.ts';

export interface QueuedStep {
  readonly id: string;
  readonly service: string;
  readonly attempt: number;
}

/**
 * Notes in the same transaction that an attempt must be published. The message id lets the bus drop a repetition; `again`
 * tells a deliberate one apart.
 */
export async function addToOutbox(
  tx: Transaction,
  runId: string,
  steps: readonly QueuedStep[],
  availableAt: Date,
  again = 0,
): Promise<void> {
  if (steps.length === 0) return;
  const trace = traceHeaders().traceparent ?? null;
  await tx.outbox.createMany({
    data: steps.map(({ id, service, attempt }) => ({
      subject: `jobs.${service}`,
      messageId: again === 0 ? `${id}:${attempt}` : `${id}:${attempt}:${again}`,
      payload: { runId, stepId: id, attempt } satisfies JobMessage,
      trace,
      availableAt,
      createdAt: availableAt,
    })),
    skipDuplicates: true,
  });
}
