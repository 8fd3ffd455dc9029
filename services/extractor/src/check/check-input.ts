import type { InputSize, Preprocess } from '@kneepoint/datasets';
import type { ModelProto } from '@kneepoint/onnx';
import type { Provider } from '@kneepoint/runtime';
import { type InputFinding, judgeBiases, judgeStandardised, judgeStatistics } from './judge.ts';
import { inputMoments, valueMoments } from './measure.ts';
import { readingsOf } from './readings.ts';
import { rememberedBy } from './remembered.ts';

/** One channel of the input, over the pictures that were looked at. */
export interface ChannelSummary {
  readonly name: string;
  readonly mean: number;
  readonly spread: number;
}

export interface InputCheck {
  readonly least: number;
  readonly most: number;
  /** In the order of the network's channels. */
  readonly channels: readonly ChannelSummary[];
  /** What in the network the findings rest on. */
  readonly heldAgainst: string;
  readonly findings: readonly InputFinding[];
}

export interface InputToCheck {
  /** Takes float images with channels first. */
  readonly model: ModelProto;
  /** At least one, as `samplePictures` gives them. */
  readonly pictures: readonly Uint8Array[];
  readonly preprocess: Preprocess;
  readonly size: InputSize;
  /** Whether the file takes bytes, so that it can have no other scale. */
  readonly bytes: boolean;
  readonly provider?: Provider;
}

const COLOURS: Readonly<Record<Preprocess['channels'], readonly string[]>> = {
  rgb: ['red', 'green', 'blue'],
  bgr: ['blue', 'green', 'red'],
  rgba: ['red', 'green', 'blue', 'alpha'],
  bgra: ['blue', 'green', 'red', 'alpha'],
  grey: ['grey', 'grey', 'grey'],
};

/** The names of the input's channels, in its order. */
export function channelNames(preprocess: Preprocess, channels: number): readonly string[] {
  return COLOURS[preprocess.channels].slice(0, channels);
}

/**
 * What a network gets from these pictures, and what looks wrong with it: by what was declared, and by what the network itself stores of
 * the pictures that it was trained with. Throws as `openSession` and `Session.run` do.
 */
export async function checkInput({
  model,
  pictures,
  preprocess,
  size,
  bytes,
  provider,
}: InputToCheck): Promise<InputCheck> {
  const input = inputMoments(pictures, preprocess, size);
  const names = channelNames(preprocess, size.channels);
  const remembered = rememberedBy(model);
  const findings = [...judgeStandardised(input, preprocess, names)];
  let heldAgainst = 'nothing: the network stores no statistics of its training';
  if (remembered && pictures.length > 1) {
    const readings =
      remembered.kind === 'statistics'
        ? readingsOf(preprocess, size.channels, bytes)
        : [{ preprocess, otherScale: false, otherOrder: false }];
    const asked = { pictures, readings: readings.map((reading) => reading.preprocess), size };
    const measured = await valueMoments(model, remembered.value, asked, provider ? { provider } : {});
    const [declared] = measured ?? [];
    if (measured && declared) {
      heldAgainst =
        remembered.kind === 'statistics'
          ? `the statistics that batch normalisation ${remembered.node} stores of the training`
          : `the biases of layer ${remembered.node}`;
      findings.push(
        ...(remembered.kind === 'statistics'
          ? judgeStatistics(readings, measured, remembered)
          : judgeBiases(input, declared, remembered)),
      );
    }
  }
  return {
    least: input.least,
    most: input.most,
    channels: names.map((name, i) => ({ name, mean: input.mean[i]!, spread: Math.sqrt(input.variance[i]!) })),
    heldAgainst,
    findings,
  };
}
