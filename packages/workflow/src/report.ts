import type { Proof } from '@kneepoint/pruning';

/** Size and speed of one network; latency of one image in milliseconds on the provider named in the report. */
export interface NetworkFigures {
  readonly parameters: number;
  readonly macs: number;
  readonly bytes: number;
  readonly latencyMs: { readonly p50: number; readonly p95: number };
}

/** One metric at the stages of a compression, all read on the same test images, which no fit, threshold or knee has seen. */
export interface MetricStages {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** What predicting without looking at the image gives. */
  readonly chance: number;
  /** Linear probe on the untouched network's best layer. */
  readonly probe: number;
  /** Pruned network, the probe's weights of the surviving filters, removed responses replaced by their mean. */
  readonly pruned: number;
  /** Pruned network, head fitted again in closed form on its own responses. */
  readonly refit: number;
}

export interface ReportLayer {
  readonly name: string;
  readonly filters: number;
  readonly kept: number;
  /** The λ of the knee; null where no curve decided (the layer has no tap, or only its class-mates chose). */
  readonly lambda: number | null;
  /** How many filters this layer's own curve chose; more are kept when a class-mate chose others. */
  readonly chosen: number | null;
  readonly indices: readonly number[];
  readonly parametersBefore: number;
  readonly parametersAfter: number;
  readonly macsBefore: number;
  readonly macsAfter: number;
  readonly reason: string | null;
}

/** What a person gets beside the smaller network. Written as JSON; every number is finite. */
export interface CompressionReport {
  readonly task: string;
  readonly epsilon: number;
  readonly bestLayer: string;
  readonly metric: MetricStages;
  readonly before: NetworkFigures;
  readonly after: NetworkFigures;
  readonly layers: readonly ReportLayer[];
  /** Evidence that surgery equals masking, and that the comparison would have noticed otherwise: three gates. */
  readonly proof: Proof;
  readonly split: { readonly by: string; readonly train: number; readonly validation: number; readonly test: number };
  readonly provider: string;
  readonly warnings: readonly string[];
}
