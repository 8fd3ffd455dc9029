import { Failure } from '@kneepoint/failures';
import { Graph, type ModelProto, smallNets } from '@kneepoint/onnx';
import { Histogram, quantisableLayers, valuesToRange } from '@kneepoint/pruning';
import { describe, expect, it } from 'vitest';
import { borneBy, type Judged, searchQuantisation, withinRoom } from './search.ts';

const model = smallNets['vgg']!(1);
const names = quantisableLayers(new Graph(model)).layers.map(({ name }) => name);
const [first, second] = names as [string, string];

/** Every value between −2 and 2, most of the numbers near zero. */
const histograms = new Map(
  valuesToRange(model).map((value) => {
    const histogram = new Histogram();
    histogram.add(Float32Array.from({ length: 10_000 }, (_, i) => (i < 2 ? 4 * i - 2 : Math.sin(i) / 2)));
    return [value, histogram];
  }),
);
const float = Float32Array.of(1, 2, 3);

/** Which layers of a candidate are in whole numbers. */
function wholeIn(candidate: ModelProto): string[] {
  const graph = new Graph(candidate);
  return names.filter((name) => {
    const node = candidate.graph!.node.find((one) => one.name === name)!;
    return graph.producer(node.input[1]!)?.opType === 'DequantizeLinear';
  });
}

const search = (judge: (whole: readonly string[], made: ModelProto) => Judged) =>
  searchQuantisation(model, histograms, {
    float,
    borne: 0.01,
    judge: (made) => Promise.resolve(judge(wholeIn(made), made)),
  });

describe('a network in whole numbers', () => {
  it('has the ranges that answer most like the float network, and all layers where validation bears it', async () => {
    let tries = 0;
    const found = await search(() => ({ fall: 0.004, answers: Float32Array.of(1, 2, ++tries === 3 ? 3.1 : 4) }));
    expect(found).toMatchObject({ clipped: 1e-4, layers: names, left: [], fall: 0.004 });
    expect(tries).toBe(4);
  });

  it('has ranges that validation bears rather than those that answer most alike', async () => {
    let tries = 0;
    const found = await search(() => {
      tries += 1;
      return { fall: tries === 2 ? 0.009 : 0.02, answers: Float32Array.of(1, 2, tries === 3 ? 3.1 : 4) };
    });
    expect(found).toMatchObject({ clipped: 1e-5, layers: names, left: [], fall: 0.009 });
    expect(tries).toBe(4);
  });

  it('leaves no more layers float than it takes, though each does harm by itself', async () => {
    const found = await search((whole) => ({
      fall: whole.length === 1 || whole.includes(first) ? 0.03 : 0.005,
      answers: whole.includes(first) ? Float32Array.of(1, 2, 4) : float,
    }));
    expect(found.left.map(({ layer }) => layer)).toEqual([first]);
    expect(found.fall).toBe(0.005);
  });

  it('leaves a layer float that makes validation fall by more than a point by itself, and names it', async () => {
    const found = await search((whole) => ({ fall: whole.includes(second) ? 0.03 : 0, answers: float }));
    expect(found.layers).toEqual(names.filter((name) => name !== second));
    expect(found.left).toEqual([
      { layer: second, fall: 0.03, reason: 'in whole numbers it makes validation fall by 3.0 % by itself' },
    ]);
    expect(wholeIn(found.model)).toEqual(found.layers);
    expect(found.fall).toBe(0);
  });

  it('leaves the layers float that make it fall most where none does it alone', async () => {
    const found = await search((whole) => ({
      fall: 0.006 * whole.length - (whole.includes(first) ? 0 : 0.02),
      answers: whole.includes(first) ? Float32Array.of(1, 2, 4) : float,
    }));
    expect(found.left.map(({ layer }) => layer)).toEqual([first]);
    expect(found.left[0]!.reason).toBe('with the others it makes validation fall by more than it bears');
  });

  it('is refused with the layers that lose most where validation never bears it', async () => {
    const refused = search((whole) => ({ fall: whole.length > 0 ? 0.2 : 0, answers: float }));
    await expect(refused).rejects.toMatchObject({
      code: 'QUANTIZE_NOT_BORNE',
      message: 'in whole numbers validation falls by 20.0 %',
    });
    await expect(refused).rejects.toMatchObject({ where: expect.stringContaining(`${first} (20.0 %)`) as string });
  });

  it('may lose a point, or one image where a point is less', () => {
    expect([16, 100, 1000].map(borneBy)).toEqual([1 / 16, 0.01, 0.01]);
  });
});

describe('a goal that leaves less than a point', () => {
  const asked = async (room: number | undefined, least: number): Promise<readonly number[]> => {
    const tried: number[] = [];
    const search = (most: number): Promise<number> => {
      tried.push(most);
      return most < least
        ? Promise.reject(new Failure('QUANTIZE_NOT_BORNE', 'it falls further'))
        : Promise.resolve(most);
    };
    expect(await withinRoom(search, 0.01, room)).toBe(tried.at(-1));
    return tried;
  };

  it('is kept where a network keeps it, and else loses a point at most', async () => {
    expect(await asked(undefined, 0)).toEqual([0.01]);
    expect(await asked(0.03, 0)).toEqual([0.01]);
    expect(await asked(0.004, 0)).toEqual([0.004]);
    expect(await asked(0.004, 0.007)).toEqual([0.004, 0.01]);
    const broken = (): Promise<never> => Promise.reject(new Failure('RUNTIME_CANCELED', 'stopped'));
    await expect(withinRoom(broken, 0.01, 0.004)).rejects.toMatchObject({ code: 'RUNTIME_CANCELED' });
  });
});
