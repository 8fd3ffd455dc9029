import { Failure } from '@kneepoint/failures';

/** A step before it is launched. */
export interface StepPlan {
  /** Names the step within its plan, for `dependsOn`. */
  readonly ref: string;
  readonly kind: string;
  /** Which service does it. */
  readonly service: string;
  /** What people read. */
  readonly name: string;
  /** Content key of its result. */
  readonly key: string;
  readonly input: object;
  /** Steps that must have succeeded before. */
  readonly dependsOn: readonly string[];
  /** Attempts before the step counts as failed. Default 3. */
  readonly maxAttempts?: number;
  /** Seconds that one attempt may take. Default: no limit. */
  readonly timeoutSeconds?: number;
}

const SERVICE = /^[A-Za-z0-9_-]{1,64}$/;

/** Throws PLAN_INVALID for no steps, a repeated ref, an impossible service, an unknown dependency, or a circle. */
export function checkPlan(steps: readonly StepPlan[]): void {
  if (steps.length === 0) throw invalid('the plan has no steps', 'plan');
  const byRef = new Map<string, StepPlan>();
  for (const step of steps) {
    if (byRef.has(step.ref)) throw invalid(`two steps are called "${step.ref}"`, step.ref);
    byRef.set(step.ref, step);
  }
  for (const { ref, service, dependsOn } of steps) {
    // It becomes part of a subject on the bus.
    if (!SERVICE.test(service)) throw invalid(`"${service}" can't be the name of a service`, ref);
    const unknown = dependsOn.find((other) => !byRef.has(other));
    if (unknown !== undefined) throw invalid(`"${ref}" depends on "${unknown}", which is not in the plan`, ref);
  }
  checkOrder(byRef);
}

/** Kahn's topological sort: what is never freed lies on a circle or behind one. */
function checkOrder(steps: ReadonlyMap<string, StepPlan>): void {
  const waitingFor = new Map([...steps].map(([ref, { dependsOn }]) => [ref, new Set(dependsOn)]));
  const dependents = new Map<string, string[]>();
  for (const { ref, dependsOn } of steps.values()) {
    for (const other of dependsOn) dependents.set(other, [...(dependents.get(other) ?? []), ref]);
  }
  const free = [...waitingFor].filter(([, others]) => others.size === 0).map(([ref]) => ref);
  for (let ref = free.pop(); ref !== undefined; ref = free.pop()) {
    waitingFor.delete(ref);
    for (const dependent of dependents.get(ref) ?? []) {
      const others = waitingFor.get(dependent);
      others?.delete(ref);
      if (others?.size === 0) free.push(dependent);
    }
  }
  const [stuck] = waitingFor.keys();
  if (stuck !== undefined) throw invalid(`"${stuck}" waits for itself through its dependencies`, stuck);
}

function invalid(message: string, where: string): Failure {
  return new Failure('PLAN_INVALID', message, {
    where,
    fix: 'give each step its own ref, name a service, and let dependencies run one way',
  });
}
