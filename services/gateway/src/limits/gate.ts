import { Failure } from '@kneepoint/failures';

export interface GateBounds {
  /** How many are inside at once; a tenant has three of four places at most. */
  readonly atOnce: number;
  /** How many may wait; a tenant has three of four of these places, too. */
  readonly waiting: number;
  /** What those inside may weigh together. Whoever weighs more goes in alone. */
  readonly weight: number;
}

export interface Visitor {
  /** On whose behalf: a project. */
  readonly tenant: string;
  readonly weight: number;
}

interface Waiting extends Visitor {
  readonly enter: () => void;
}

interface Tenant {
  inside: number;
  readonly waiting: Set<Waiting>;
}

/**
 * Lets so many in at once and so many more wait for their turn. No tenant can take every place, and whose turn it is goes by who has the
 * fewest inside, then by who came first; who is light may pass who is too heavy for what is free.
 */
export class Gate {
  readonly #bounds: GateBounds;
  readonly #tenants = new Map<string, Tenant>();
  #inside = 0;
  #weight = 0;
  #waiting = 0;

  constructor(bounds: GateBounds) {
    this.#bounds = bounds;
  }

  /** Resolves to how to leave. Throws SERVER_BUSY where too many wait already, or when there was no room in time. */
  async enter(visitor: Visitor, withinMs: number): Promise<() => void> {
    const tenant = this.#tenantOf(visitor.tenant);
    if (this.#hasRoom(visitor, tenant)) this.#admit(visitor, tenant);
    else await this.#turn(visitor, tenant, withinMs);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside -= 1;
      this.#weight -= visitor.weight;
      tenant.inside -= 1;
      this.#admitNext();
      this.#forget(visitor.tenant, tenant);
    };
  }

  #tenantOf(name: string): Tenant {
    const known = this.#tenants.get(name);
    if (known !== undefined) return known;
    const tenant: Tenant = { inside: 0, waiting: new Set() };
    this.#tenants.set(name, tenant);
    return tenant;
  }

  #forget(name: string, { inside, waiting }: Tenant): void {
    if (inside === 0 && waiting.size === 0) this.#tenants.delete(name);
  }

  #hasRoom({ weight }: Visitor, { inside }: Tenant): boolean {
    const { atOnce, weight: most } = this.#bounds;
    const fits = this.#inside === 0 || this.#weight + weight <= most;
    return fits && this.#inside < atOnce && inside < shareOf(atOnce);
  }

  #admit({ weight }: Visitor, tenant: Tenant): void {
    this.#inside += 1;
    this.#weight += weight;
    tenant.inside += 1;
  }

  #turn(visitor: Visitor, tenant: Tenant, withinMs: number): Promise<void> {
    const { waiting: most } = this.#bounds;
    if (this.#waiting >= most || tenant.waiting.size >= shareOf(most)) {
      this.#forget(visitor.tenant, tenant);
      throw busy(`${tenant.waiting.size} operations of this project, ${this.#waiting} in all, wait already`);
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        tenant.waiting.delete(waiting);
        this.#waiting -= 1;
      };
      const enter = (): void => {
        stop();
        resolve();
      };
      const waiting: Waiting = { ...visitor, enter };
      const timer = setTimeout(() => {
        stop();
        this.#forget(visitor.tenant, tenant);
        reject(busy(`no turn came within ${withinMs / 1000} s`));
      }, withinMs);
      this.#waiting += 1;
      tenant.waiting.add(waiting);
    });
  }

  #admitNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#admit(next.waiting, next.tenant);
      next.waiting.enter();
    }
  }

  /** Of the tenant that has the fewest inside, the first for whom there is room. */
  #next(): { readonly tenant: Tenant; readonly waiting: Waiting } | undefined {
    if (this.#waiting === 0) return undefined;
    const tenants = [...this.#tenants.values()].filter(({ waiting }) => waiting.size > 0);
    for (const tenant of tenants.sort((a, b) => a.inside - b.inside)) {
      for (const waiting of tenant.waiting) if (this.#hasRoom(waiting, tenant)) return { tenant, waiting };
    }
    return undefined;
  }
}

/** What one tenant may have of so many places: a quarter, rounded up, stays for others. */
export function shareOf(places: number): number {
  return Math.max(Math.min(1, places), places - Math.ceil(places / 4));
}

function busy(why: string): Failure {
  return new Failure('SERVER_BUSY', `the gateway is busy: ${why}`, { fix: 'Ask again in a second or two.' });
}
