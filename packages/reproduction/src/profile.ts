/** How much is made and trained: what decides how long a reproduction takes and how much its figures say. */
export interface Profile {
  readonly name: 'full' | 'quick' | 'own';
  /** Drawn faces, of how many people, and how many of the faces are kept from the primary networks for the satellite tasks. */
  readonly faces: number;
  readonly persons: number;
  readonly smaller: number;
  /** Height and width of a face, pixels. */
  readonly size: number;
  /** Filters of the thirteen convolutions of the primary networks; "pool" halves the size. */
  readonly widths: readonly (number | 'pool')[];
  /** Of the network with max-feature-map. */
  readonly lightWidths: readonly [number, number, number, number, number];
  /** Of a larger network, trained for identity for so many epochs, that small ones are cut from; null: from the primary ones. */
  readonly wide: { readonly widths: readonly (number | 'pool')[]; readonly epochs: number } | null;
  /** Passes over the larger part for each primary network, and over the satellites' training images for each network that is cut. */
  readonly primaryEpochs: number;
  readonly satelliteEpochs: number;
  /** Passes over the training images for each head that is trained on them; null: until validation gets no better. */
  readonly headEpochs: number | null;
  readonly primaries: readonly string[];
  /** Tasks whose curves are drawn: one that lives in few filters, one that is spread out. */
  readonly localised: string;
  readonly spread: string;
  /** Tasks that are cut by the paper's rule and by damage at equal cost, at these ε. */
  readonly ruled: readonly string[];
  readonly epsilons: readonly number[];
  /** Tasks for which a small network is sought beside the whole one with a new head. */
  readonly small: readonly string[];
  /** Share of the multiply-accumulates that it does without. */
  readonly smallShare: number;
  /** Passes over the training images that it gets; null: until validation gets no better. */
  readonly smallEpochs: number | null;
  /** Tasks for which every primary network is finetuned, to see which cheap score foresees the result. */
  readonly ranked: readonly string[];
  /** Task that the network that knows nobody is for; null for none. */
  readonly agnostic: string | null;
  /** Whether a network with max-feature-map is trained for yaw and cut. */
  readonly light: boolean;
}

/** Faces are drawn, orders shuffled and weights drawn from this. */
export const SEED = 1;
/** What leaves about a twentieth of the time of a network as large as the wide one is (ETL, VISAPP 2022, reports −94 %). */
const SMALL_SHARE = 0.991;

const PRIMARIES = ['identity', 'gender', 'facial_hair', 'accessories', 'age', 'emotion', 'head_pose'] as const;

/** The thirteen convolutions of VGG-16 with a sixteenth of its filters, and more where maps are small. */
const FULL_WIDTHS = [4, 4, 'pool', 8, 8, 'pool', 16, 16, 16, 'pool', 48, 48, 48, 'pool', 96, 96, 96] as const;
/** Half of its filters: with less, a call and the first layer alone take more than a twentieth of the time. */
const WIDE_WIDTHS = [
  ...[32, 32, 'pool', 64, 64, 'pool', 128, 128, 128, 'pool', 256, 256, 256, 'pool', 256, 256, 256],
] as const;
/** A sixteenth, and at the end less. */
const QUICK_WIDTHS = [4, 4, 'pool', 8, 8, 'pool', 8, 8, 8, 'pool', 16, 16, 16, 'pool', 16, 16, 16] as const;

export const PROFILES: Readonly<Record<'full' | 'quick', Profile>> = {
  full: {
    name: 'full',
    ...{ faces: 20_000, persons: 300, smaller: 5_000, size: 64 },
    ...{ widths: FULL_WIDTHS, lightWidths: [8, 16, 32, 32, 32], wide: { widths: WIDE_WIDTHS, epochs: 4 } },
    ...{ primaryEpochs: 6, satelliteEpochs: 6, headEpochs: null, primaries: PRIMARIES },
    ...{ localised: 'yaw', spread: 'valence', ruled: ['yaw', 'age', 'valence'], epsilons: [0.1, 0.01, 0.001] },
    ...{
      small: PRIMARIES,
      smallShare: SMALL_SHARE,
      smallEpochs: 16,
      ranked: ['gender'],
      agnostic: 'head_pose',
      light: true,
    },
  },
  quick: {
    name: 'quick',
    ...{ faces: 1_200, persons: 30, smaller: 480, size: 32 },
    ...{ widths: QUICK_WIDTHS, lightWidths: [4, 8, 12, 12, 12], wide: { widths: FULL_WIDTHS, epochs: 6 } },
    ...{ primaryEpochs: 6, satelliteEpochs: 2, headEpochs: 2, primaries: ['identity', 'gender', 'age', 'head_pose'] },
    ...{ localised: 'yaw', spread: 'valence', ruled: ['yaw'], epsilons: [0.1, 0.01, 0.001] },
    // Next to nothing would be left of networks that are as small as these.
    ...{ small: ['gender'], smallShare: 0.8, smallEpochs: 4, ranked: [], agnostic: 'head_pose', light: true },
  },
};
