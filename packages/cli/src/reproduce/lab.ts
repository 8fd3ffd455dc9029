import type { RunDetailsInput } from '@kneepoint/client';
import { LABEL, type NetworkResult, type Position, type Profile } from '@kneepoint/reproduction';
import type { Connection } from '../client/connect.ts';
import type { Stages } from './stages.ts';

/** Where a reproduction works: every part asks the same gateway, keeps its files in the same folder, ends at the same signal. */
export interface Lab {
  readonly connection: Connection;
  /** What it is called, and labels that its runs have besides. */
  readonly name: string;
  readonly labels: NonNullable<RunDetailsInput['labels']>;
  readonly folder: string;
  readonly profile: Profile;
  readonly stages: Stages;
  readonly signal: AbortSignal;
}

/** A name of a run is no longer. */
const NAME_CHARACTERS = 200;
/** Stages that are named beforehand: metadata are short. */
const MOST_NAMED = 50;

/** What is said of a run that a reproduction launches: whose it is, and where in it that stands. */
export function detailsOf({ name, labels, stages }: Pick<Lab, 'name' | 'labels' | 'stages'>): RunDetailsInput {
  const { left, ...position } = stages.position();
  const metadata: Position = { ...position, left: left.slice(0, MOST_NAMED) };
  return {
    name: `${name}: ${position.stage}`.slice(0, NAME_CHARACTERS).trim(),
    labels: [...labels, { key: LABEL, value: name }],
    metadata,
  };
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
  /** A larger network that small ones are cut from; null: they are cut from the others. */
  readonly wide: Subject | null;
  /** Of the gateway. */
  readonly dataset: string;
  readonly folder: string;
  readonly images: number;
  readonly tasks: readonly { readonly name: string; readonly type: string }[];
  /** What the data are, in words. */
  readonly data: string;
}
