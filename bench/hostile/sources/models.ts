import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, floatTensor, GraphBuilder, intTensor, type ModelProto, smallNets } from '@kneepoint/onnx';
import { DOORS } from '../../../test/doors/registry.ts';

/** Sound networks to spoil, by name; made or read when they are first asked for. */
export type ModelSources = ReadonlyMap<string, () => Uint8Array>;

const SHIPPED = fileURLToPath(new URL('../../../packages/cli/networks', import.meta.url));

/** Small networks that this repository makes or ships: every wiring, every kind of the doors, and operators that make sizes of numbers. */
export function ownModels(): ModelSources {
  return new Map([
    ...Object.entries(smallNets).map(([name, make]) => source(`small/${name}`, () => encodeModel(make(1)))),
    ...Object.values(DOORS)
      .flat()
      .map((door) => source(`doors/${door.name}`, () => encodeModel(door.make().model))),
    source('sizes', () => encodeModel(sizes())),
    ...filesIn(SHIPPED),
  ]);
}

/** The models of folders, such as KNEEPOINT_DATA. */
export function filesIn(folder: string): [string, () => Uint8Array][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.onnx'))
    .sort()
    .map((name) => source(name, () => readFileSync(join(folder, name))));
}

function source(name: string, make: () => Uint8Array): [string, () => Uint8Array] {
  let made: Uint8Array | undefined;
  return [name, () => (made ??= make())];
}

/** Operators whose stored numbers say how large their answer is. */
function sizes(): ModelProto {
  const net = new GraphBuilder();
  const image = net.input('image', ['N', 3, 8, 8]);
  const ints = (...values: number[]): string => net.init(intTensor(values));
  let x = net.conv(
    image,
    floatTensor(
      [4, 3, 3, 3],
      Array.from({ length: 108 }, (_, i) => Math.sin(i)),
    ),
    { pad: 1 },
  );
  x = net.node('Pad', [x, ints(0, 0, 1, 1, 0, 0, 1, 1)]);
  x = net.node('Resize', [x, '', net.init(floatTensor([4], [1, 1, 2, 2]))], { mode: 'nearest' });
  x = net.node('Slice', [x, ints(0, 0), ints(16, 16), ints(2, 3), ints(1, 1)]);
  x = net.node('Add', [x, net.node('ConstantOfShape', [ints(1, 4, 1, 1)])]);
  x = net.node('Mul', [x, net.node('Expand', [net.init(floatTensor([1], [2])), ints(1, 4, 16, 16)])]);
  x = net.node('Tile', [x, ints(1, 1, 1, 2)]);
  const range = net.node('Range', [
    net.init(intTensor([0], [])),
    net.init(intTensor([4], [])),
    net.init(intTensor([1], [])),
  ]);
  x = net.node('Gather', [x, range], { axis: 1 });
  x = net.node('MaxPool', [x], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] });
  x = net.node('ConvTranspose', [x, net.init(floatTensor([4, 2, 2, 2], Array.from({ length: 32 }, Math.cos)))], {
    strides: [2, 2],
  });
  x = net.node('Reshape', [x, ints(0, -1)]);
  net.output(net.node('ReduceMean', [x, ints(1)], { keepdims: 1 }));
  return net.build();
}
