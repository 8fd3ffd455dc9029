import type { Connection } from '../client/connect.ts';
import type { Profile } from './profile.ts';
import type { NetworkResult } from './results.ts';
import type { Stages } from './stages.ts';

/** Where a reproduction works: every part asks the same gateway, keeps its files in the same folder, ends at the same signal. */
export interface Lab {
  readonly connection: Connection;
  readonly folder: string;
  readonly profile: Profile;
  readonly stages: Stages;
  readonly signal: AbortSignal;
}

/** A network under study. */
export interface Subject {
  /** Of the gateway. */
  readonly model: string;
  readonly file: string;
  readonly layers: readonly string[];
  readonly figures: NetworkResult;
}

/** What is studied: networks, and labelled images that none of them was trained on. */
export interface Subjects {
  readonly networks: readonly Subject[];
  /** A network with max-feature-map, for yaw. */
  readonly light: Subject | null;
  /** Of the gateway. */
  readonly dataset: string;
  readonly folder: string;
  readonly images: number;
  readonly tasks: readonly { readonly name: string; readonly type: string }[];
  /** What the data are, in words. */
  readonly data: string;
}
