import { type Config } from '../config/read-config.ts';
import { inspectNats } from '../bus/inspect-nats.ts';
import { type Check, ok } from './finding.ts';

/** The bus, JetStream and the streams; nothing is made. */
export async function checkBus({ busUrl, bus }: Pick<Config, 'busUrl' | 'bus'>): ReturnType<Check> {
  if (busUrl === 'memory:') return ok('within the process');
  const { version, queue } = await inspectNats(busUrl, bus);
  const server = `NATS ${version} with JetStream`;
  if (queue === undefined) return ok(`${server}; the next start makes the streams`);
  const services = queue.consumers.map(({ service, waiting, working }) => `${service} ${waiting}+${working}`);
  const detail = `${server}; ${queue.waiting} jobs (waiting+in work: ${services.join(', ') || 'no service yet'})`;
  if (queue.dead === 0) return ok(detail);
  return {
    state: 'warning',
    detail: `${detail}; ${queue.dead} jobs were given up in the last 30 days`,
    fix: 'read them with `nats stream view kneepoint-dead`, and the log of the workers of that service',
  };
}
