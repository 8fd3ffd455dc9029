import type { JetStreamManager } from '@nats-io/jetstream';
import type { DeadLetter } from './bus.ts';

/** What is read of the server's advisory; it names the job by its place in the work queue, where it still is. */
interface Advisory {
  readonly type: string;
  readonly consumer: string;
  readonly stream_seq: number;
  readonly deliveries: number;
}

/** An advisory with the job that it is about, and how to remove that job from the work queue. */
export interface ReadLetter {
  readonly letter: DeadLetter;
  remove(): Promise<void>;
}

/** Undefined for what is no advisory of the kind that is known. */
export async function readLetter(
  message: unknown,
  manager: JetStreamManager,
  stream: string,
): Promise<ReadLetter | undefined> {
  if (!isAdvisory(message)) return undefined;
  const stored = await manager.streams.getMessage(stream, { seq: message.stream_seq });
  return {
    letter: {
      service: message.consumer,
      reason: message.type.endsWith('.terminated') ? 'TERMINATED' : 'MAX_DELIVERIES',
      deliveries: message.deliveries,
      job: stored === null ? undefined : { id: stored.header.get('Nats-Msg-Id'), message: parsed(stored.string()) },
    },
    remove: async () => {
      if (stored !== null) await manager.streams.deleteMessage(stream, message.stream_seq);
    },
  };
}

function isAdvisory(message: unknown): message is Advisory {
  if (typeof message !== 'object' || message === null) return false;
  const { type, consumer, stream_seq, deliveries } = message as Record<string, unknown>;
  return (
    typeof type === 'string' &&
    typeof consumer === 'string' &&
    typeof stream_seq === 'number' &&
    typeof deliveries === 'number'
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
