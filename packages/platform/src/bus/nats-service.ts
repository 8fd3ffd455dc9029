import { Svcm } from '@nats-io/services';
import type { NatsConnection } from '@nats-io/transport-node';
import { VERSION } from '../version.ts';
import type { ServiceNotice, Unsubscribe } from './bus.ts';

/**
 * Registers a process with the NATS services protocol, so that `nats micro ls` and `nats micro stats` show it as
 * `<namespace>-<service>`. Every process answers for itself: the endpoint has no queue group, and whoever asks collects the answers.
 */
export async function registerService(
  connection: NatsConnection,
  namespace: string,
  { service, description, status }: ServiceNotice,
): Promise<Unsubscribe> {
  const registered = await new Svcm(connection).add({
    name: `${namespace}-${service}`,
    version: VERSION,
    description,
    queue: '',
    statsHandler: () => Promise.resolve(status()),
  });
  registered.addEndpoint('status', {
    subject: `${namespace}.svc.${service}.status`,
    handler: (_error, message) => void message.respond(JSON.stringify(status())),
  });
  return async () => {
    await registered.stop();
  };
}
