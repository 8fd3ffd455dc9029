/** A run whose row is locked until the transaction ends. */
export interface LockedRun {
  readonly id: string;
  readonly projectId: string;
  readonly kind: string;
  readonly state: string;
  readonly seq: number;
  readonly createdAt: Date;
  /** The database's clock; every time that is written comes from it, so that workers' clocks don't matter. */
  readonly now: Date;
}
