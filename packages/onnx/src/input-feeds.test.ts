import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { inputFeeds } from './input-feeds.ts';

function taking(...dims: readonly (number | string)[]) {
  const net = new GraphBuilder();
  net.output(net.relu(net.input('x', dims)), dims);
  return net.build();
}

describe('what a model is fed', () => {
  it.each([
    ['an image', ['N', 3, 'h', 'w'], { height: 24, width: 32 }, [1, 3, 24, 32]],
    ['an image, channels last', ['N', 'h', 'w', 3], { height: 24, width: 32 }, [1, 24, 32, 3]],
    ['a sequence', ['N', 1, 'length'], { height: 160, width: 160 }, [1, 1, 160]],
    ['a sequence of features', ['N', 'length', 40], { height: 160, width: 160 }, [1, 160, 40]],
    ['samples', ['N', 'length'], { height: 16000, width: 16000 }, [1, 16000]],
    ['an image of a fixed size', ['N', 3, 8, 8], { height: 24, width: 24 }, [1, 3, 8, 8]],
  ] as const)('%s takes its size', (_, dims, size, fed) => {
    expect(inputFeeds(taking(...dims), { size })).toMatchObject([{ name: 'x', dims: fed }]);
  });

  it.each([
    ['without one', undefined],
    ['from a size that is no length', { height: 24, width: 32 }],
  ])('a free length is refused %s', (_, size) => {
    const feed = () => inputFeeds(taking('N', 1, 'length'), size ? { size } : {});
    expect(feed).toThrow(
      expect.objectContaining({ code: 'MODEL_INPUT_SHAPE', fix: expect.stringContaining('--size N') as string }),
    );
  });
});
