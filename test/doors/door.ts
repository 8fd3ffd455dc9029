import type { ImageSize, ModelProto } from '@kneepoint/onnx';
import { HalfDead, type HalfDeadOptions } from './half-dead.ts';

/** A network at the door, and what must become of it. */
export interface Door {
  readonly name: string;
  make(): { readonly model: ModelProto; readonly files?: Readonly<Record<string, Uint8Array>> };
  /** Height and width that `--size` gives. */
  readonly size?: ImageSize;
  /** Layers that stay whole, and what is said of them. */
  readonly stays: Readonly<Record<string, RegExp>>;
  /** The code that the cut is refused with. */
  readonly refused?: string;
  /** What `inspect` is refused with. */
  readonly unreadable?: string;
  /** The share of the parameters that may be left. */
  readonly left: number;
}

export type Expected = Partial<Omit<Door, 'name' | 'make'>>;

/** A network made with `HalfDead`; it is cut unless the last argument says otherwise. */
export function door(
  name: string,
  make: (net: HalfDead) => void,
  { options = {}, ...expected }: Expected & { readonly options?: HalfDeadOptions } = {},
): Door {
  return finished(
    name,
    () => {
      const net = new HalfDead(1, options);
      make(net);
      return { model: net.build() };
    },
    expected,
  );
}

/** A network that comes out of `make` as it is: other files beside it, functions, domains. */
export function finished(name: string, make: Door['make'], expected: Expected = {}): Door {
  return { name, make, stays: {}, left: 0.75, ...expected };
}
