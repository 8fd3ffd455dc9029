/**
 * The multiple of channels that a runtime's kernels work in: ONNX Runtime's blocked convolution on the CPU takes an input only where its channels are a
 * multiple of 4, and goes back to a slower layout between two layers where they are not. Elsewhere none is known.
 */
const MULTIPLES: Readonly<Record<string, number>> = { cpu: 4 };

/** The multiple of filters that layers keep on a provider where nothing else is asked for. */
export function multipleFor(provider: string): number {
  return MULTIPLES[provider] ?? 1;
}
