import type { UpgradeSite } from './upgrade-site.ts';

/** What brings a node from the version before `since` to the one that came with it. Throws the site's refusal where nothing can. */
export interface VersionStep {
  /** The opset in which the operator changed. */
  readonly since: number;
  readonly apply: (site: UpgradeSite) => void;
}

/** By operator, its changes in ascending order. */
export type VersionSteps = Readonly<Record<string, readonly VersionStep[]>>;
