import type { Bus } from '../../bus/bus.ts';
import type { Database } from '../../database/database.ts';
import type { Logger } from '../../log/create-logger.ts';

export interface Reconciliation {
  readonly db: Database;
  readonly bus: Bus;
  readonly log: Logger | undefined;
}
